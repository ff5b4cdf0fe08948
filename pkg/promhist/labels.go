package promhist

import (
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// A targetKey tells one target of one server from the others.
type targetKey struct{ job, instance, replica string }

func keyOf(labels map[string]string) targetKey {
	k := targetKey{job: labels["job"], instance: labels["instance"]}
	for _, name := range ReplicaLabels {
		if v := labels[name]; v != "" {
			k.replica += name + "=" + v + ","
		}
	}
	return k
}

// instances gives regular expressions that match the targets' instances, at
// most so many at a time, in order.
func (w *window) instances(most int) iter.Seq[[]string] {
	all := map[string]bool{}
	for k := range w.targets {
		if k.instance != "" {
			all[regexp.QuoteMeta(k.instance)] = true
		}
	}
	return slices.Chunk(slices.Sorted(maps.Keys(all)), most)
}

// ofPod are labels of a pod that a target may have, and a GPU's workload.
var ofPod = []string{"pod", "namespace", "container"}

const exported = "exported_"

// undo makes the labels of a series those that its exporter printed, as far as
// that can be known, beside the target's.
//
// The server renames an exporter's label that the target has, too, to
// exported_…, unless it honours labels. A series without a workload then has the
// pod of the exporter; what the target itself is labelled with tells.
func undo(labels, target map[string]string, pushed bool) map[string]string {
	out := make(map[string]string, len(labels))
	for name, value := range labels {
		if !slices.Contains(ReplicaLabels, name) && name != "__name__" {
			out[name] = value
		}
	}
	for _, name := range ofPod {
		v, ok := target[name]
		if _, has := labels[exported+name]; !has && (ok && labels[name] == v || target == nil && pushed) {
			delete(out, name)
		}
	}
	for name, value := range labels {
		base, ok := strings.CutPrefix(name, exported)
		if ok && base != "job" && base != "instance" {
			delete(out, name)
			out[base] = value
		}
	}
	return out
}

// pushed tells whether a label of some workload was pushed aside.
func pushed(list []series) bool {
	for _, s := range list {
		for _, name := range ofPod {
			if s.labels[exported+name] != "" {
				return true
			}
		}
	}
	return false
}

// own are the labels of a target that its readings have, too.
func own(k targetKey, target map[string]string) map[string]string {
	out := undo(target, nil, false)
	for _, name := range ofPod {
		delete(out, name)
	}
	for name, v := range map[string]string{"instance": k.instance, "job": k.job} {
		if v != "" {
			out[name] = v
		}
	}
	return out
}

// label adds the target's labels where they are missing: on the reading of a
// whole GPU that is made of those of its MIG instances, whose labels are theirs.
// labels may be shared and stays as it is.
func (f *feed) label(labels map[string]string) map[string]string {
	missing := false
	for name := range f.own {
		if _, ok := labels[name]; !ok {
			missing = true
		}
	}
	if !missing {
		return labels
	}
	all := maps.Clone(f.own)
	maps.Copy(all, labels)
	return all
}
