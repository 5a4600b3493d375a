package bench

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/metrics"
	"runtime/pprof"
)

// told are the runtime's figures that say why a process may stand still: goroutines that could run and do not want a processor,
// those that wait want something else, and a collection has all of them help.
var told = []struct{ name, says string }{
	{"/sched/goroutines/running:goroutines", "goroutines that run"},
	{"/sched/goroutines/runnable:goroutines", "goroutines that wait for a processor"},
	{"/sched/goroutines/waiting:goroutines", "goroutines that wait for something else"},
	{"/sched/goroutines/not-in-go:goroutines", "goroutines in the system"},
	{"/memory/classes/heap/objects:bytes", "bytes of heap in use"},
	{"/gc/cycles/total:gc-cycles", "collections"},
	{"/cpu/classes/gc/mark/assist:cpu-seconds", "seconds in which goroutines helped collecting"},
	{"/cpu/classes/gc/total:cpu-seconds", "seconds of collecting"},
}

// writeStacks writes what a process is doing into a new file: why it was asked for, the figures above, and where its goroutines
// stand, those at the same place together.
func writeStacks(path, why string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%s\nseconds of processor time since the process began: %.2f\n", why, busy())
	return errors.Join(err, writeFigures(f), pprof.Lookup("goroutine").WriteTo(f, 1), f.Close())
}

func writeFigures(w io.Writer) error {
	samples := make([]metrics.Sample, len(told))
	for i := range told {
		samples[i].Name = told[i].name
	}
	metrics.Read(samples)
	var errs []error
	for i, s := range samples {
		var err error
		switch s.Value.Kind() {
		case metrics.KindUint64:
			_, err = fmt.Fprintf(w, "%s: %d\n", told[i].says, s.Value.Uint64())
		case metrics.KindFloat64:
			_, err = fmt.Fprintf(w, "%s: %.2f\n", told[i].says, s.Value.Float64())
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
