package kubernetes

import "onedoor/tools/deploylint/internal/finding"

// Lint says what is wrong with manifests that belong together: what names what is looked for in all of the files. The error
// is that of the pod security checks themselves.
func Lint(files []string) (found []finding.Finding, err error) {
	var all set
	for _, file := range files {
		list, wrong := read(file)
		all, found = append(all, list...), append(found, wrong...)
	}
	for _, m := range all {
		if m.meta == nil {
			found = append(found, m.found("house", "kind", "an object without metadata: no kind of these manifests"))
			continue
		}
		refused, err := m.restricted()
		if err != nil {
			return nil, err
		}
		found = append(found, refused...)
		found = append(found, m.accepted()...)
		found = append(found, m.house()...)
		found = append(found, all.refers(m)...)
	}
	return found, nil
}
