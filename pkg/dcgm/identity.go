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
	index   string
	model   string
	profile string  // of a MIG instance
	part    string  // which of several values of a field, such as "{nvlink=3}"
	message string  // of an XID
	extra   []label // whatever is left
}

// renamed gives labels that say the same the same name.
var renamed = map[string]string{
	"DCGM_FI_DRIVER_VERSION":        "driver_version",
	"DCGM_FI_SYSTEM_DRIVER_VERSION": "driver_version",
	"pod_name":                      "pod",
	"pod_namespace":                 "namespace",
	"container_name":                "container",
}

// ofDevice are labels that hold for a GPU whatever instance they are read on.
var ofDevice = []string{"driver_version", "pci_bus_id", "device"}

// read sorts the labels of a sample of an NVIDIA or AMD exporter. It is false
// for what belongs to no GPU. Empty labels are absent.
func (s *series) read(labels []label) bool {
	extra := s.extra[:0]
	*s = series{}
	var serial, series, partition, compute string
	var parts []string
	for _, l := range labels {
		if l.value == "" {
			continue
		}
		switch l.name {
		case "gpu", "gpu_id":
			s.index = l.value
		case "UUID", "uuid", "gpu_uuid":
			s.uuid = l.value
		case "serial_number":
			serial = l.value
		case "modelName", "model_name", "card_model":
			s.model = l.value
		case "card_series":
			series = l.value
		case "Hostname", "hostname":
			s.host = l.value
		case "GPU_I_ID":
			s.mig = l.value
		case "GPU_CI_ID":
			compute = l.value
		case "GPU_I_PROFILE":
			s.profile = l.value
		case "gpu_partition_id":
			partition = l.value
		case "nvlink", "nvswitch", "xid", "clock_event", "clock_type", "clock_index":
			parts = append(parts, l.name+"="+l.value)
		case "err_msg":
			s.message = l.value
		case "err_code", "window_size_in_ms":
			// the value itself; the exporter's configuration
		default:
			if name, ok := renamed[l.name]; ok {
				l.name = name
			}
			extra = append(extra, l)
		}
	}
	s.extra = extra
	if s.index == "" {
		return false
	}
	if s.mig != "" && compute != "" {
		s.mig += "/" + compute
	}
	if partition != "" && partition != "0" && partition != "NA" {
		s.mig = partition // AMD gives the whole GPU's power to the first
	}
	if s.uuid == "" {
		s.uuid = serial
	}
	if series != "" {
		s.model = series
	}
	if s.uuid == "" {
		s.identity.index = s.index
	}
	if len(parts) > 0 {
		slices.Sort(parts)
		s.part = "{" + strings.Join(parts, ",") + "}"
	}
	return true
}

// toDevice makes s that of the whole GPU.
func (s *series) toDevice() {
	s.mig, s.profile = "", ""
	s.extra = slices.DeleteFunc(s.extra, func(l label) bool { return !slices.Contains(ofDevice, l.name) })
}

// perInstance tells whether a family's value on a MIG instance is the
// instance's own. All others repeat the whole GPU's value on each instance:
// power, energy, clocks, temperatures, throttling, PCIe, NVLink.
func perInstance(family string) bool {
	if name, ok := strings.CutPrefix(family, "DCGM_FI_PROF_"); ok {
		return !strings.HasPrefix(name, "PCIE_") && !strings.HasPrefix(name, "NVLINK_")
	}
	if name, ok := strings.CutPrefix(family, "DCGM_FI_DEV_"); ok {
		return strings.HasPrefix(name, "FB_") || strings.HasPrefix(name, "BAR1_") || strings.HasPrefix(name, "XID_")
	}
	if name, ok := strings.CutPrefix(family, "dcgm_"); ok {
		return strings.HasPrefix(name, "fb_") || strings.HasPrefix(name, "xid_")
	}
	return true
}
