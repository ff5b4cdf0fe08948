// Jobs checks Kubernetes manifests against the API types: every key must be one
// of the type, and every value one of the key's.
//
//	jobs FILE…
package main

import (
	"fmt"
	"os"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// types are the kinds that a manifest may be of.
var types = map[metav1.TypeMeta]func() any{
	{APIVersion: "apps/v1", Kind: "DaemonSet"}: func() any { return new(appsv1.DaemonSet) },
	{APIVersion: "batch/v1", Kind: "CronJob"}:  func() any { return new(batchv1.CronJob) },
}

func main() {
	code := 0
	for _, name := range os.Args[1:] {
		kind, err := check(name)
		if err != nil {
			fmt.Printf("%s: %v\n", name, err)
			code = 1
			continue
		}
		fmt.Printf("%s: a valid %s\n", name, kind)
	}
	os.Exit(code)
}

func check(name string) (kind string, err error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	var meta metav1.TypeMeta
	if err := yaml.Unmarshal(b, &meta); err != nil {
		return "", err
	}
	object := types[meta]
	if object == nil {
		return "", fmt.Errorf("%s %s is none of the kinds that are known", meta.APIVersion, meta.Kind)
	}
	return meta.APIVersion + " " + meta.Kind, yaml.UnmarshalStrict(b, object())
}
