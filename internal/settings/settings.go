package settings

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"onedoor/internal/flagform"
	"onedoor/internal/nearname"
)

// ErrSetting is below every error of Read.
var ErrSetting = errors.New("unusable setting")

// Options say where settings may come from.
type Options struct {
	// Prefix begins the name of every variable of the environment, such as ONEDOOR_.
	Prefix string
	// Environ is the environment, as os.Environ gives it.
	Environ []string
	// File is the flag that names the file; it may come from the environment too.
	File string
	// Not names flags that are no settings, such as help.
	Not []string
	// Others names variables with the prefix that other commands read.
	Others []string
}

// Origin says where a value came from, in words for people.
type Origin string

// The places that are the same everywhere.
const (
	FromDefault     Origin = "default"
	FromCommandLine Origin = "command line"
)

// Setting is one value with its origin.
type Setting struct {
	Name string
	// Value is what counts, with its passwords hidden.
	Value string
	From  Origin
	// list says that the setting takes several values.
	list []string
}

// Read fills the flags that the command line has not set, from the environment and the file, and tells the origin of every
// value. The error joins all that is wrong, a line each, and is ErrSetting; the settings are then those that could be read.
func Read(flags *pflag.FlagSet, o Options) ([]Setting, error) {
	r := reading{flags: flags, o: o, from: map[string]Origin{}, refused: map[string]string{}}
	r.commandLine()
	r.environment()
	r.file()
	return r.settings(), errors.Join(r.problems...)
}

// reading is one Read under way.
type reading struct {
	flags    *pflag.FlagSet
	o        Options
	from     map[string]Origin
	problems []error
	// refused holds the values that stand somewhere and cannot be used, by setting.
	refused map[string]string
}

func (r *reading) problem(format string, args ...any) {
	r.problems = append(r.problems, &problem{fmt.Sprintf(format, args...)})
}

// problem is one thing that is wrong.
type problem struct{ why string }

// Error says what is wrong, and where.
func (p *problem) Error() string { return p.why }

// Unwrap makes it an ErrSetting.
func (p *problem) Unwrap() error { return ErrSetting }

func (r *reading) commandLine() {
	r.flags.Visit(func(f *pflag.Flag) { r.from[f.Name] = FromCommandLine })
}

// names are those of the settings that the flags have.
func (r *reading) names() (names []string) {
	r.flags.VisitAll(func(f *pflag.Flag) {
		if !slices.Contains(r.o.Not, f.Name) {
			names = append(names, f.Name)
		}
	})
	return names
}

// set gives a flag its value, unless a place that counts more has done so.
func (r *reading) set(name string, values []string, from Origin) {
	f := r.flags.Lookup(name)
	if _, stands := r.from[name]; stands {
		return
	}
	r.from[name] = from
	if err := assign(f, values); err != nil {
		if _, several := f.Value.(pflag.SliceValue); !several {
			_ = f.Value.Set(f.DefValue) // A number that is none leaves a zero, which would be told of as wrong a second time.
		}
		r.refused[name] = strings.Join(values, ",")
		r.problem("%s: %s: %s", from, name, flagform.Refused(f.Value.Type(), Hidden(r.refused[name]), err))
		return
	}
	f.Changed = true
}

// assign writes values into a flag.
func assign(f *pflag.Flag, values []string) error {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		return list.Replace(values)
	}
	if len(values) != 1 {
		return errors.New("one value is wanted, not a list")
	}
	return f.Value.Set(values[0])
}

// settings gives all settings by name, with what counts now. The file's own name is none: it cannot stand in a file.
func (r *reading) settings() []Setting {
	var list []Setting
	for _, name := range r.names() {
		if name != r.o.File {
			s := settingOf(r.flags.Lookup(name), r.from[name])
			if value, is := r.refused[name]; is { // What stands there is shown, not the default that nobody chose.
				s.Value = Hidden(value)
			}
			list = append(list, s)
		}
	}
	return list
}

func settingOf(f *pflag.Flag, from Origin) Setting {
	if from == "" {
		from = FromDefault
	}
	s := Setting{Name: f.Name, Value: Hidden(f.Value.String()), From: from}
	if list, ok := f.Value.(pflag.SliceValue); ok {
		s.list = []string{}
		for _, value := range list.GetSlice() {
			s.list = append(s.list, Hidden(value))
		}
		s.Value = strings.Join(s.list, ",")
	}
	return s
}

// unknown reports a name that is no setting's. likely is the setting that it would be, also are names that mean something else
// there, shown makes a setting's name what it is called there.
func (r *reading) unknown(where Origin, name, likely string, also []string, shown func(string) string) {
	names := r.names()
	near, says := nearname.Of(likely, slices.Concat(names, also)), "did you mean %s?"
	if len(near) == 0 {
		near, says = names, "there are %s"
	}
	called := make([]string, len(near))
	for i, known := range near {
		called[i] = shown(known)
	}
	r.problem("%s: no setting %q: "+says, where, name, strings.Join(called, ", "))
}
