package kubernetes

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"onedoor/tools/deploylint/internal/finding"
)

// set are the objects of a folder.
type set []*manifest

// named finds an object by its kind and name in a namespace.
func (s set) named(kind, namespace, name string) bool {
	return slices.ContainsFunc(s, func(m *manifest) bool {
		return m.kind == kind && m.meta.GetName() == name && m.meta.GetNamespace() == namespace
	})
}

// selected gives the pod templates of a namespace that a selector means.
func (s set) selected(namespace string, selector labels.Selector) (list []*corev1.PodTemplateSpec) {
	for _, m := range s {
		if t := m.template(); t != nil && m.meta.GetNamespace() == namespace && selector.Matches(labels.Set(t.Labels)) {
			list = append(list, t)
		}
	}
	return list
}

// refers says which names in an object lead nowhere.
func (s set) refers(m *manifest) (found []finding.Finding) {
	space := m.meta.GetNamespace()
	if space != "" && !s.named("Namespace", "", space) {
		found = append(found, m.found("house", "metadata.namespace", "namespace %s is made by no manifest here", space))
	}
	switch o := m.object.(type) {
	case *corev1.Service:
		found = append(found, s.service(m, o)...)
	case *appsv1.StatefulSet:
		if o.Spec.ServiceName != "" && !s.named("Service", space, o.Spec.ServiceName) {
			found = append(found, m.found("house", "spec.serviceName", "no service %s", o.Spec.ServiceName))
		}
	case *policyv1.PodDisruptionBudget:
		found = append(found, s.selects(m, "spec.selector", o.Spec.Selector)...)
	case *networkingv1.NetworkPolicy:
		found = append(found, s.policy(m, o)...)
	}
	return append(found, s.claims(m)...)
}

// service says which pods and ports a service misses.
func (s set) service(m *manifest, o *corev1.Service) (found []finding.Finding) {
	pods := s.selected(o.Namespace, labels.SelectorFromSet(o.Spec.Selector))
	if len(pods) == 0 {
		return []finding.Finding{m.found("house", "spec.selector", "it selects no pod of these manifests")}
	}
	for i, p := range o.Spec.Ports {
		if !opens(pods, p.TargetPort) {
			found = append(found, m.found("house", fmt.Sprintf("spec.ports[%d]", i), "no container opens port %s", p.TargetPort.String()))
		}
	}
	return found
}

// selects says that a selector means nothing here.
func (s set) selects(m *manifest, path string, by *metav1.LabelSelector) []finding.Finding {
	selector, err := metav1.LabelSelectorAsSelector(by)
	if err != nil || len(s.selected(m.meta.GetNamespace(), selector)) > 0 {
		return nil // What is wrong with the selector itself, validation tells.
	}
	return []finding.Finding{m.found("house", path, "it selects no pod of these manifests")}
}

// policy says which pods and ports a network policy misses.
func (s set) policy(m *manifest, o *networkingv1.NetworkPolicy) []finding.Finding {
	found := s.selects(m, "spec.podSelector", &o.Spec.PodSelector)
	selector, err := metav1.LabelSelectorAsSelector(&o.Spec.PodSelector)
	if err != nil {
		return found
	}
	pods := s.selected(o.Namespace, selector)
	for i, rule := range o.Spec.Ingress {
		for j, p := range rule.Ports {
			if p.Port != nil && !opens(pods, *p.Port) {
				found = append(found, m.found("house", fmt.Sprintf("spec.ingress[%d].ports[%d]", i, j), "no container opens port %s", p.Port.String()))
			}
		}
	}
	return found
}

// opens reports that a container of some pods opens a port.
func opens(pods []*corev1.PodTemplateSpec, port intstr.IntOrString) bool {
	for _, t := range pods {
		for i := range t.Spec.Containers {
			for _, p := range t.Spec.Containers[i].Ports {
				if port.Type == intstr.String && p.Name == port.StrVal || port.Type == intstr.Int && p.ContainerPort == port.IntVal {
					return true
				}
			}
		}
	}
	return false
}

// claims says which volumes name a claim that no manifest makes.
func (s set) claims(m *manifest) (found []finding.Finding) {
	t := m.template()
	if t == nil {
		return nil
	}
	for i, v := range t.Spec.Volumes {
		if c := v.PersistentVolumeClaim; c != nil && !s.named("PersistentVolumeClaim", m.meta.GetNamespace(), c.ClaimName) {
			found = append(found, m.found("house", fmt.Sprintf("%s.spec.volumes[%d]", templatePath, i), "no manifest here makes the claim %s", c.ClaimName))
		}
	}
	return found
}
