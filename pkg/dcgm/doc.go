// Package dcgm reads the page of a GPU exporter into readings in base units.
//
// It knows the dialects of NVIDIA's dcgm-exporter from 1.x to 4.9 (both of its
// writers, the label names of all its versions, the fields that 4.9.0 renamed,
// MIG instances, the labels of pods, jobs and claims), AMD's device metrics
// exporter with and without its prefix, and nvidia_gpu_exporter.
//
// # Lines
//
// A page is read line by line: a bad line costs that line, and nothing is ever
// taken from a last line without a newline, whose number may go on. What a
// line means, and its number to the bit, are what expfmt says of it; whether
// expfmt accepts the rest of the page does not matter. A body that was cut
// between two lines is for the caller to notice.
//
// [Parse] reads one page. A [Parser] reads one after another from one source,
// for about a hundredth of what expfmt costs.
//
// # Fields
//
// A field that is known, see [Catalogue], has AIPerf's name without the
// vendor's prefix and is in a base unit: watts, joules, seconds, bytes, bytes
// per second, hertz, degrees Celsius, ratios from 0 to 1. Any other field has
// the exporter's name. Its value is in a base unit if the name or, failing that,
// the HELP says in what unit it is, as in "(in MiB)"; else it is the page's.
//
// Where several values of a field belong to one GPU, the name carries what
// tells them apart: "DCGM_EXP_XID_ERRORS_COUNT{xid=43}", or
// "DCGM_FI_DEV_NVLINK_COUNT_RX_ERRORS{nvlink=3}" for each link of a GPU.
//
// Blank values (DCGM's sentinels), NaN and infinities are absent readings, and
// so are a power or temperature of 0 from AMD's exporter, which is how it
// writes that it has none. That exporter drops values of 255 and 65535, too,
// which cannot be undone here.
//
// # GPUs
//
// What has no GPU's label is not a GPU's: switches, links of switches, CPUs,
// processes. A GPU is known by host and UUID; a series without a UUID belongs
// to the GPU with its index, if that is one.
//
// There is one reading for each GPU, however many series of it there are, as
// with jobs, virtual GPUs and pods that share it. Of values that differ the
// largest counts, which is the device's beside those of its users. Labels that
// differ are all there, sorted, with commas between them.
//
// A MIG instance has a reading of its own, whose MIG is GPU_I_ID, and with a
// compute instance "GPU_I_ID/GPU_CI_ID". Exporters repeat on each instance
// what is the whole GPU's: power, energy, clocks, temperatures, throttling,
// PCIe, NVLink, remapped rows. That goes to a reading of the GPU, once. A
// partition of an AMD GPU but the first is an instance too; power is the first
// one's alone.
//
// The code of an XID is the field xid_errors; what the exporter says it means
// is the label [XIDMessage].
package dcgm
