package kubernetes

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"onedoor/tools/deploylint/internal/finding"
)

// house says what our own rules ask beyond the restricted standard.
func (m *manifest) house() (found []finding.Finding) {
	t := m.template()
	if t == nil {
		return nil
	}
	tell := func(path, format string, args ...any) {
		found = append(found, m.found("house", templatePath+".spec"+path, format, args...))
	}
	if t.Spec.AutomountServiceAccountToken == nil || *t.Spec.AutomountServiceAccountToken {
		tell("", "automountServiceAccountToken is not false: the server asks the cluster nothing")
	}
	for i := range t.Spec.Containers {
		c, path := &t.Spec.Containers[i], fmt.Sprintf(".containers[%d]", i)
		if c.SecurityContext == nil || c.SecurityContext.ReadOnlyRootFilesystem == nil || !*c.SecurityContext.ReadOnlyRootFilesystem {
			tell(path, "container %s may write its root file system: set readOnlyRootFilesystem", c.Name)
		}
		if c.Resources.Requests.Cpu().IsZero() || c.Resources.Requests.Memory().IsZero() || c.Resources.Limits.Memory().IsZero() {
			tell(path, "container %s: give requests of cpu and memory, and a limit of memory", c.Name)
		}
		if m.kind != "Job" && !probed(c) {
			tell(path, "container %s: give startupProbe, readinessProbe and livenessProbe", c.Name)
		}
	}
	return found
}

// probed reports that a container that serves is asked how it is.
func probed(c *corev1.Container) bool {
	return c.StartupProbe != nil && c.ReadinessProbe != nil && c.LivenessProbe != nil
}
