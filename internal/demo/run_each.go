package demo

import (
	"errors"
	"runtime"
	"sync"
)

// eachPhone runs f for every phone, as many beside each other as the machine has processors.
func eachPhone(phones []*handset, f func(*handset) error) error {
	var running sync.WaitGroup
	errs := make([]error, len(phones))
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, h := range phones {
		free <- struct{}{}
		running.Go(func() { // ends with f
			errs[i] = f(h)
			<-free
		})
	}
	running.Wait()
	return errors.Join(errs...)
}
