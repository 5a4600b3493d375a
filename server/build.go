package server

import (
	"runtime/debug"
	"strconv"

	"onedoor/internal/schema"
	"onedoor/server/observe"
)

// revisionDigits is how much of a revision tells it from others.
const revisionDigits = 12

// Version says which software this is: its release, else the revision that it was built from, else "devel".
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	revision, changed := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value[:min(len(s.Value), revisionDigits)]
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = "+changed"
		}
	}
	if revision == "" {
		return "devel"
	}
	return revision + changed
}

// built says what runs, for the metrics.
func built() observe.Build {
	b := observe.Build{Version: Version(), Schema: strconv.Itoa(int(schema.Version))}
	if info, ok := debug.ReadBuildInfo(); ok {
		b.Go = info.GoVersion
	}
	return b
}
