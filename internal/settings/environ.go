package settings

import (
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// links are the variables by which Kubernetes and Docker tell a container of its neighbours: a service called onedoor
// gives ONEDOOR_PORT and ONEDOOR_SERVICE_HOST to every container beside it, and nobody has set them.
var links = regexp.MustCompile(`^([A-Z0-9_]*_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT|PORT_[0-9]+_(TCP|UDP)(_(ADDR|PORT|PROTO))?)$`)

// Variable gives the name of a setting in the environment.
func Variable(prefix, setting string) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(setting, "-", "_"))
}

// environment reads the variables with the prefix. An empty one counts as none, since that is how container files leave out.
func (r *reading) environment() {
	named := map[string]string{}
	for _, name := range r.names() {
		named[Variable(r.o.Prefix, name)] = name
	}
	environ := slices.Clone(r.o.Environ)
	slices.Sort(environ)
	for _, pair := range environ {
		variable, value, _ := strings.Cut(pair, "=")
		rest, ours := strings.CutPrefix(variable, r.o.Prefix)
		if !ours || value == "" || slices.Contains(r.o.Others, variable) {
			continue
		}
		name, known := named[variable]
		switch {
		case known:
			r.set(name, r.split(name, value), Origin("environment "+variable))
		case !links.MatchString(rest):
			r.unknown("environment", variable, settingLike(rest), r.others(), func(setting string) string { return Variable(r.o.Prefix, setting) })
		}
	}
}

// settingLike gives the name that a setting would have whose variable ends so.
func settingLike(rest string) string { return strings.ToLower(strings.ReplaceAll(rest, "_", "-")) }

// others gives the variables of other commands as if they were settings.
func (r *reading) others() (names []string) {
	for _, variable := range r.o.Others {
		names = append(names, settingLike(strings.TrimPrefix(variable, r.o.Prefix)))
	}
	return names
}

// split gives the values of a variable: a setting that takes several has them separated by commas, as on the command line.
func (r *reading) split(name, value string) []string {
	if _, several := r.flags.Lookup(name).Value.(pflag.SliceValue); several {
		return strings.Split(value, ",")
	}
	return []string{value}
}
