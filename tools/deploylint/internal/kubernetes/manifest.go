package kubernetes

import (
	"fmt"
	"os"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"       // Registers StatefulSet, Deployment.
	_ "k8s.io/kubernetes/pkg/apis/batch/install"      // Registers Job.
	_ "k8s.io/kubernetes/pkg/apis/core/install"       // Registers Namespace, Service, PersistentVolumeClaim.
	_ "k8s.io/kubernetes/pkg/apis/networking/install" // Registers NetworkPolicy.
	_ "k8s.io/kubernetes/pkg/apis/policy/install"     // Registers PodDisruptionBudget.
	yamlstrict "sigs.k8s.io/yaml"

	"onedoor/tools/deploylint/internal/finding"
)

// decoder refuses fields that a kind does not have, and fields that stand twice.
var decoder = serializer.NewCodecFactory(legacyscheme.Scheme, serializer.EnableStrict).UniversalDeserializer()

// manifest is one object of a file.
type manifest struct {
	file string
	// node is the document with its lines, which begin behind skipped lines of the file.
	node    yaml.Node
	skipped int
	// object is what the API server would read, with its defaults filled in.
	object runtime.Object
	meta   metav1.Object
	kind   string
}

// found makes a finding at a path of the object.
func (m *manifest) found(by, path, format string, args ...any) finding.Finding {
	return finding.Finding{File: m.file, Line: m.skipped + finding.Line(&m.node, path), By: by, Text: m.label() + ": " + fmt.Sprintf(format, args...)}
}

// label names the object.
func (m *manifest) label() string {
	if m.meta == nil {
		return "document"
	}
	return m.kind + " " + m.meta.GetName()
}

// read reads the objects of a file.
func read(file string) (list []*manifest, found []finding.Finding) {
	body, err := os.ReadFile(file)
	if err != nil {
		return nil, []finding.Finding{{File: file, By: "kubernetes", Text: err.Error()}}
	}
	skipped := 0
	for _, text := range documents(string(body)) {
		m := &manifest{file: file, skipped: skipped}
		skipped += strings.Count(text, "\n") + 1 // the line that separates it from the next
		if empty(text) {
			continue
		}
		found = append(found, m.decode(text)...)
		if m.object != nil {
			list = append(list, m)
		}
	}
	return list, found
}

// separator is the line between two documents.
var separator = regexp.MustCompile(`(?m)^---[ \t]*$\n?`)

// documents cuts a file at its separators; each part but the last keeps its line break.
func documents(body string) []string { return separator.Split(body, -1) }

// empty reports that a document holds comments alone.
func empty(text string) bool {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return false
		}
	}
	return true
}

// decode reads one document as the API server does.
func (m *manifest) decode(text string) (found []finding.Finding) {
	if err := yaml.Unmarshal([]byte(text), &m.node); err != nil {
		return []finding.Finding{m.unread(err)}
	}
	asJSON, err := yamlstrict.YAMLToJSONStrict([]byte(text))
	if err != nil {
		return []finding.Finding{m.unread(err)}
	}
	object, kind, err := decoder.Decode(asJSON, nil, nil)
	if strict, is := runtime.AsStrictDecodingError(err); is {
		for _, e := range strict.Errors() {
			found = append(found, m.found("kubernetes", quoted(e), "%v", e))
		}
	} else if err != nil {
		return []finding.Finding{m.found("kubernetes", "kind", "%v", err)}
	}
	legacyscheme.Scheme.Default(object)
	m.object, m.kind = object, kind.Kind
	m.meta, _ = object.(metav1.Object) // Every kind that accept.go takes has one.
	return found
}

// lineOf begins the errors of readers of YAML; lines count from the document there.
var lineOf = regexp.MustCompile(`\bline \d+: `)

// unread tells of a document that is no YAML.
func (m *manifest) unread(err error) finding.Finding {
	return finding.Finding{File: m.file, Line: m.skipped + max(1, finding.LineIn(err.Error())), By: "kubernetes", Text: lineOf.ReplaceAllString(err.Error(), "")}
}

var quotedText = regexp.MustCompile(`"([^"]+)"`)

// quoted gives the path that an error names.
func quoted(err error) string {
	if m := quotedText.FindStringSubmatch(err.Error()); m != nil {
		return m[1]
	}
	return ""
}
