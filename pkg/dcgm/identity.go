package dcgm

import (
	"slices"
	"strings"
)

// An identity tells one GPU or instance from the others of a page.
type identity struct {
	host, uuid, mig string
	index           string // only without a uuid
}

// A series is what the labels of a sample say.
type series struct {
	identity
	platform string
	index    string
	model    string
	profile  string  // of a MIG instance
	part     string  // which of several values of a field, such as "{nvlink=3}"
	extra    []label // whatever is left
}

// oldDriver is the driver's version in exporters before 4.9.0.
const oldDriver = "DCGM_FI_DRIVER_VERSION"

// renamed gives labels that say the same the same name.
var renamed = map[string]string{
	oldDriver:                       "driver_version",
	"DCGM_FI_SYSTEM_DRIVER_VERSION": "driver_version",
	"pod_name":                      "pod",
	"pod_namespace":                 "namespace",
	"container_name":                "container",
}

// ofDevice tells whether a label holds for a GPU whatever instance it is read
// on. Labels in capitals are DCGM's fields of type label.
func ofDevice(name string) bool {
	switch name {
	case "driver_version", "pci_bus_id", "device":
		return true
	}
	return strings.HasPrefix(name, "DCGM_")
}

// XIDMessage is the label that says what the code in a GPU's xid_errors means,
// where the exporter tells. There is none while there is no XID.
const XIDMessage = "xid_message"

// A reader sorts labels.
type reader struct {
	*series
	exporter                                     string
	serial, cardSeries, partition, compute, uuid string
	clock, code, message                         string
	parts                                        []string
}

// read sorts the labels of a sample of family f. It is false for what belongs
// to no GPU. Empty labels are absent, and those
// that nvidia-smi has nothing to say of.
func (s *series) read(l *line, f *field) bool {
	*s = series{platform: f.platform, extra: make([]label, 0, len(l.labels))}
	r := reader{series: s, exporter: f.platform}
	if strings.HasPrefix(l.family, smiPrefix) {
		r.exporter = "smi"
	}
	for _, x := range l.labels {
		if x.value != "" && x.value != "[N/A]" {
			r.label(x)
		}
	}
	switch r.exporter {
	case AMD:
		return r.finishAMD(f)
	case "smi":
		return r.finishSMI()
	}
	return r.finishDCGM(l.family, f)
}

// label takes one.
func (r *reader) label(l label) {
	switch l.name {
	case "gpu":
		if r.exporter != AMD {
			r.series.index = l.value
		}
	case "UUID", "uuid", "gpu_uuid":
		r.uuid = l.value
	case "modelName", "model_name":
		r.model = l.value
	case "Hostname", "hostname":
		r.host = l.value
	case "GPU_I_ID":
		r.mig = l.value
	case "GPU_CI_ID":
		r.compute = l.value
	case "GPU_I_PROFILE":
		r.profile = l.value
	case "nvlink", "nvswitch", "xid", "clock_event":
		r.parts = append(r.parts, l.name+"="+l.value)
	case "err_msg":
		r.message = l.value
	case "err_code":
		r.code = l.value
	case "window_size_in_ms":
		// the exporter's configuration
	default:
		if r.own(l) {
			return
		}
		if name, ok := renamed[l.name]; ok {
			l.name = name
		}
		r.extra = append(r.extra, l)
	}
}

// own takes labels whose names are too common to mean the same everywhere: a
// pod's labels may be among those of its GPU.
func (r *reader) own(l label) bool {
	switch r.exporter + " " + l.name {
	case "amd gpu_id":
		r.series.index = l.value
	case "amd serial_number":
		r.serial = l.value
	case "amd card_model":
		r.model = l.value
	case "amd card_series":
		r.cardSeries = l.value
	case "amd gpu_partition_id":
		r.partition = l.value
	case "amd clock_type":
		r.clock = l.value
		r.parts = append(r.parts, l.name+"="+l.value)
	case "amd clock_index":
		r.parts = append(r.parts, l.name+"="+l.value)
	case "smi index":
		r.series.index = l.value
	case "smi name":
		r.model = l.value
	case "smi gpu_instance_id":
		r.mig = l.value
	case "smi profile":
		r.profile = l.value
	case "smi compute_instance_id":
		// several in one instance
	default:
		return false
	}
	return true
}

// finishDCGM: what has no gpu label is a switch, a link of one, or a CPU.
func (r *reader) finishDCGM(family string, f *field) bool {
	s := r.series
	if s.index == "" {
		return false
	}
	if s.mig != "" && r.compute != "" {
		s.mig += "/" + r.compute
	}
	if s.mig != "" && !f.instance {
		s.toDevice()
	}
	if r.message != "" && r.code != "0" {
		s.extra = append(s.extra, label{XIDMessage, r.message})
	}
	if !ofNode[family] {
		s.setPart(r.parts)
	}
	s.setUUID(r.uuid)
	return true
}

// finishAMD: the serial number is the identity, but for some GPUs it is empty.
func (r *reader) finishAMD(f *field) bool {
	s := r.series
	if s.index == "" {
		return false
	}
	if r.partition != "" && r.partition != "0" && r.partition != "NA" {
		s.mig = r.partition
	}
	if r.cardSeries != "" {
		s.model = r.cardSeries
	}
	if f.name == "gpu_clock" && amdClocks[strings.ToLower(r.clock)] != "" {
		f.name, r.parts = amdClocks[strings.ToLower(r.clock)], nil
	}
	s.setPart(r.parts)
	if r.uuid == "" {
		r.uuid = r.serial
	}
	s.setUUID(r.uuid)
	return true
}

// finishSMI: nvidia_gpu_exporter writes the UUID without its prefix.
func (r *reader) finishSMI() bool {
	if r.uuid == "" {
		return false
	}
	r.setPart(r.parts)
	if !strings.HasPrefix(r.uuid, "GPU-") {
		r.uuid = "GPU-" + r.uuid
	}
	r.setUUID(r.uuid)
	return true
}

func (s *series) setPart(parts []string) {
	if len(parts) > 0 {
		slices.Sort(parts)
		s.part = "{" + strings.Join(parts, ",") + "}"
	}
}

// setUUID completes the identity, of which the index is part only without a
// UUID: indices change when GPUs do.
func (s *series) setUUID(uuid string) {
	if s.uuid = uuid; uuid == "" {
		s.identity.index = s.index
	}
}

// toDevice makes s that of the whole GPU.
func (s *series) toDevice() {
	s.mig, s.profile = "", ""
	s.extra = slices.DeleteFunc(s.extra, func(l label) bool { return !ofDevice(l.name) })
}

// ofNode are families of the whole machine, which are printed for each link
// of a GPU too.
var ofNode = map[string]bool{
	"DCGM_FI_DEV_COUNT":           true,
	"DCGM_FI_CUDA_DRIVER_VERSION": true,
}

// perInstance tells whether a family's value on a MIG instance is the
// instance's own, for families that are in no table. All others repeat the
// whole GPU's value on each instance.
func perInstance(family string) bool {
	if name, ok := strings.CutPrefix(family, "DCGM_FI_PROF_"); ok {
		return !strings.HasPrefix(name, "PCIE_") && !strings.HasPrefix(name, "NVLINK_") && !strings.HasPrefix(name, "C2C_")
	}
	for _, prefix := range []string{"DCGM_FI_DEV_FB_", "DCGM_FI_DEV_BAR1_", "DCGM_FI_DEV_XID_", "DCGM_EXP_XID_", "dcgm_fb_", "dcgm_xid_"} {
		if strings.HasPrefix(family, prefix) {
			return true
		}
	}
	return false
}
