package kubernetes

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	podapi "k8s.io/kubernetes/pkg/api/pod"
	"k8s.io/kubernetes/pkg/apis/apps"
	appsvalidation "k8s.io/kubernetes/pkg/apis/apps/validation"
	"k8s.io/kubernetes/pkg/apis/batch"
	batchvalidation "k8s.io/kubernetes/pkg/apis/batch/validation"
	"k8s.io/kubernetes/pkg/apis/core"
	corevalidation "k8s.io/kubernetes/pkg/apis/core/validation"
	"k8s.io/kubernetes/pkg/apis/networking"
	networkingvalidation "k8s.io/kubernetes/pkg/apis/networking/validation"
	"k8s.io/kubernetes/pkg/apis/policy"
	policyvalidation "k8s.io/kubernetes/pkg/apis/policy/validation"

	"onedoor/tools/deploylint/internal/finding"
)

// accepted says why the API server would not take an object.
func (m *manifest) accepted() (found []finding.Finding) {
	inner, err := internal(m.object)
	if err != nil {
		return []finding.Finding{m.found("kubernetes", "kind", "%v", err)}
	}
	errs, known := validate(inner)
	if !known {
		return []finding.Finding{m.found("house", "kind", "no validation is wired for %s: add it to accept.go", m.kind)}
	}
	errs = append(errs, legacyscheme.Scheme.Validate(context.Background(), gates(), m.object)...)
	for _, e := range errs {
		found = append(found, m.found("kubernetes", e.Field, "%v", e))
	}
	return found
}

// gates are the API server's features, as a cluster of this version has them that nobody has changed.
func gates() map[string]bool {
	list := map[string]bool{}
	for feature := range utilfeature.DefaultMutableFeatureGate.GetAll() {
		list[string(feature)] = utilfeature.DefaultFeatureGate.Enabled(feature)
	}
	return list
}

// internal gives the form that the API server validates.
func internal(object runtime.Object) (runtime.Object, error) {
	group := object.GetObjectKind().GroupVersionKind().Group
	return legacyscheme.Scheme.ConvertToVersion(object, schema.GroupVersion{Group: group, Version: runtime.APIVersionInternal})
}

// validate runs the API server's validation of a new object, and reports whether there is one for its kind.
func validate(object runtime.Object) (field.ErrorList, bool) {
	switch o := object.(type) {
	case *core.Namespace:
		return corevalidation.ValidateNamespace(o), true
	case *core.Service:
		return corevalidation.ValidateServiceCreate(o), true
	case *core.ServiceAccount:
		return corevalidation.ValidateServiceAccount(o), true
	case *core.Secret:
		return corevalidation.ValidateSecret(o), true
	case *core.ConfigMap:
		return corevalidation.ValidateConfigMap(o), true
	case *core.PersistentVolumeClaim:
		return corevalidation.ValidatePersistentVolumeClaim(o, corevalidation.ValidationOptionsForPersistentVolumeClaimCreate()), true
	case *apps.StatefulSet:
		return appsvalidation.ValidateStatefulSet(o, appsvalidation.StatefulSetValidationOptions{}, pods(&o.Spec.Template)), true
	case *apps.Deployment:
		return appsvalidation.ValidateDeployment(o, pods(&o.Spec.Template)), true
	case *batch.Job:
		own(o)
		return batchvalidation.ValidateJobCreate(o, batchvalidation.JobValidationOptions{PodValidationOptions: pods(&o.Spec.Template), RequirePrefixedLabels: true}), true
	case *networking.NetworkPolicy:
		return networkingvalidation.ValidateNetworkPolicy(o, networkingvalidation.NetworkPolicyValidationOptions{}), true
	case *policy.PodDisruptionBudget:
		return policyvalidation.ValidatePodDisruptionBudget(o, policyvalidation.PodDisruptionBudgetValidationOptions{}), true
	}
	return nil, false
}

// pods are the options by which a new pod template is validated.
func pods(template *core.PodTemplateSpec) corevalidation.PodValidationOptions {
	return podapi.GetValidationOptionsFromPodTemplate(template, nil)
}

// own gives a job the labels and the selector that the API server gives each job before it validates it.
func own(job *batch.Job) {
	job.UID = "00000000-0000-0000-0000-000000000000"
	if job.Spec.Template.Labels == nil {
		job.Spec.Template.Labels = map[string]string{}
	}
	for name, value := range map[string]string{
		batch.JobNameLabel: job.Name, batch.LegacyJobNameLabel: job.Name,
		batch.ControllerUidLabel: string(job.UID), batch.LegacyControllerUidLabel: string(job.UID),
	} {
		job.Spec.Template.Labels[name] = value
	}
	job.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{batch.ControllerUidLabel: fmt.Sprint(job.UID)}}
}
