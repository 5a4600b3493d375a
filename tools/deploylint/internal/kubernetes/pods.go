package kubernetes

import (
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	podsecurity "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"

	"onedoor/tools/deploylint/internal/finding"
)

// templatePath is where the kinds below have their pods.
const templatePath = "spec.template"

// template gives the pods that an object makes; nil for none.
func (m *manifest) template() *corev1.PodTemplateSpec {
	switch o := m.object.(type) {
	case *appsv1.StatefulSet:
		return &o.Spec.Template
	case *appsv1.Deployment:
		return &o.Spec.Template
	case *batchv1.Job:
		return &o.Spec.Template
	}
	return nil
}

// restricted says what the restricted pod security standard refuses.
func (m *manifest) restricted() (found []finding.Finding, err error) {
	t := m.template()
	if t == nil {
		return nil, nil
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return nil, err
	}
	level := podsecurity.LevelVersion{Level: podsecurity.LevelRestricted, Version: podsecurity.LatestVersion()}
	for _, r := range evaluator.EvaluatePod(level, &t.ObjectMeta, &t.Spec) {
		if !r.Allowed {
			found = append(found, m.found("pod-security", templatePath+".spec", "%s: %s", r.ForbiddenReason, r.ForbiddenDetail))
		}
	}
	return found, nil
}
