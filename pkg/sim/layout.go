package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Layout is the way in which an exporter writes its page.
type Layout string

// Layouts of dcgm-exporter. Until 4.8.2 a template wrote families in the order
// of field ids and floats with six decimals; since 4.8.3 the Prometheus library
// writes families and labels in alphabetical order and floats as short as they
// can be.
const (
	Template Layout = "4.8.2"
	Sorted   Layout = "4.8.3"
)

// A family is a field on the page.
type family struct {
	name, key string // key in values
	kind      string
	help      string
	float     bool
}

func dev(key, kind, help string) family {
	return family{"DCGM_FI_DEV_" + key, key, kind, help, key == "POWER_USAGE"}
}

func prof(key, help string) family {
	return family{"DCGM_FI_PROF_" + key, key, "gauge", help, true}
}

// families are in the order of their field ids.
var families = []family{
	dev("SM_CLOCK", "gauge", "Clock of the SMs (in MHz)."),
	dev("MEM_CLOCK", "gauge", "Clock of the memory (in MHz)."),
	dev("MEMORY_TEMP", "gauge", "Temperature of the memory (in C)."),
	dev("GPU_TEMP", "gauge", "Temperature of the GPU (in C)."),
	dev("POWER_USAGE", "gauge", "Power (in W)."),
	dev("TOTAL_ENERGY_CONSUMPTION", "counter", "Energy since the driver was loaded (in mJ)."),
	dev("GPU_UTIL", "gauge", "Utilization of the GPU (in %)."),
	dev("MEM_COPY_UTIL", "gauge", "Utilization of the memory (in %)."),
	dev("ENC_UTIL", "gauge", "Utilization of the encoder (in %)."),
	dev("DEC_UTIL", "gauge", "Utilization of the decoder (in %)."),
	dev("XID_ERRORS", "gauge", "The last XID error."),
	dev("POWER_VIOLATION", "counter", "Time throttled by the power limit (in ns)."),
	dev("THERMAL_VIOLATION", "counter", "Time throttled by the temperature (in ns)."),
	dev("FB_FREE", "gauge", "Free framebuffer (in MiB)."),
	dev("FB_USED", "gauge", "Used framebuffer (in MiB)."),
	dev("FB_RESERVED", "gauge", "Reserved framebuffer (in MiB)."),
	prof("GR_ENGINE_ACTIVE", "Share of time in which an engine was active."),
	prof("SM_ACTIVE", "Share of time in which SMs were active."),
	prof("PIPE_TENSOR_ACTIVE", "Share of cycles in which the tensor pipe was active."),
	prof("DRAM_ACTIVE", "Share of cycles in which the memory was active."),
}

const driver = "580.105.08"

// render writes the page for an instant.
func (e *exporter) render(t time.Time) []byte {
	values := make([]map[string]float64, e.cfg.GPUs)
	order := make([]int, e.cfg.GPUs)
	for i := range values {
		values[i] = e.values(i, t)
		order[i] = i
	}
	list := families
	if e.cfg.Layout == Sorted {
		list = slices.SortedFunc(slices.Values(families), func(a, b family) int { return strings.Compare(a.name, b.name) })
		slices.SortFunc(order, func(a, b int) int { return strings.Compare(e.UUID(a), e.UUID(b)) })
	}
	var b []byte
	for _, f := range list {
		b = fmt.Appendf(b, "# HELP %s %s\n# TYPE %s %s\n", f.name, f.help, f.name, f.kind)
		for _, i := range order {
			b = append(b, f.name...)
			b = append(b, e.labels(i, f)...)
			b = e.number(b, f, values[i][f.key])
			b = append(b, '\n')
		}
	}
	return b
}

func (e *exporter) labels(i int, f family) string {
	bus := fmt.Sprintf("00000000:%02X:00.0", 0x0a+0x11*(i%14))
	xid := ""
	if e.cfg.Layout == Sorted {
		if f.key == "XID_ERRORS" {
			xid = `,err_code="0",err_msg="No Error"`
		}
		return fmt.Sprintf(`{DCGM_FI_DRIVER_VERSION=%q,UUID=%q,device="nvidia%d"%s,gpu="%d",hostname=%q,modelName=%q,pci_bus_id=%q} `,
			driver, e.UUID(i), i, xid, i, e.cfg.Host, e.cfg.GPUModel, bus)
	}
	if f.key == "XID_ERRORS" {
		xid = `,err_code="0",err_msg="No Error"`
	}
	return fmt.Sprintf(`{gpu="%d",UUID=%q,pci_bus_id=%q,device="nvidia%d",modelName=%q,Hostname=%q,DCGM_FI_DRIVER_VERSION=%q%s} `,
		i, e.UUID(i), bus, i, e.cfg.GPUModel, e.cfg.Host, driver, xid)
}

func (e *exporter) number(b []byte, f family, v float64) []byte {
	switch {
	case e.cfg.Layout == Sorted:
		return strconv.AppendFloat(b, v, 'g', -1, 64)
	case f.float:
		return strconv.AppendFloat(b, v, 'f', 6, 64)
	}
	return strconv.AppendFloat(b, v, 'f', 0, 64)
}
