package cmd_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"aiperf/pkg/record"

	"go.yaml.in/yaml/v3"
)

const jobs = "../examples/jobs"

func readJob(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(jobs, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A pod is what a manifest says of what runs.
type pod struct {
	Metadata struct{ Labels map[string]string }
	Spec     struct {
		Containers []struct {
			Name, Image   string
			Command, Args []string
			Env           []struct{ Name string }
			VolumeMounts  []struct{ Name, MountPath string } `yaml:"volumeMounts"`
		}
		Volumes       []struct{ Name string }
		RestartPolicy string `yaml:"restartPolicy"`
	}
}

type manifest struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct{ Name string }
	Spec       struct {
		Selector struct {
			MatchLabels map[string]string `yaml:"matchLabels"`
		}
		Template    pod
		Schedule    string
		JobTemplate struct{ Spec struct{ Template pod } } `yaml:"jobTemplate"`
	}
}

func readManifest(t *testing.T, name string) (m manifest, p pod) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(readJob(t, name)), &m); err != nil {
		t.Fatal(err)
	}
	if m.Kind == "CronJob" {
		return m, m.Spec.JobTemplate.Spec.Template
	}
	return m, m.Spec.Template
}

// The API types are checked by make test-jobs; here, what ties the parts of a
// manifest together.
func TestManifests(t *testing.T) {
	t.Parallel()
	for file, kind := range map[string]string{"kubernetes/daemonset.yaml": "apps/v1 DaemonSet", "kubernetes/cronjob.yaml": "batch/v1 CronJob"} {
		m, p := readManifest(t, file)
		if got := m.APIVersion + " " + m.Kind; got != kind || m.Metadata.Name == "" || len(p.Spec.Containers) != 1 {
			t.Fatalf("%s is a %s named %q with %d containers", file, got, m.Metadata.Name, len(p.Spec.Containers))
		}
		for k, v := range m.Spec.Selector.MatchLabels {
			if p.Metadata.Labels[k] != v {
				t.Errorf("%s: the selector asks for %s=%s, which its pods have not", file, k, v)
			}
		}
		if m.Kind == "CronJob" && (len(strings.Fields(m.Spec.Schedule)) != 5 || p.Spec.RestartPolicy != "Never") {
			t.Errorf("%s: schedule %q, restart policy %q", file, m.Spec.Schedule, p.Spec.RestartPolicy)
		}
		c := p.Spec.Containers[0]
		for _, mount := range c.VolumeMounts {
			if !slices.ContainsFunc(p.Spec.Volumes, func(v struct{ Name string }) bool { return v.Name == mount.Name }) {
				t.Errorf("%s: no volume is named %q", file, mount.Name)
			}
		}
		for _, arg := range c.Args {
			for _, v := range regexp.MustCompile(`\$\((\w+)\)`).FindAllStringSubmatch(arg, -1) {
				if !slices.ContainsFunc(c.Env, func(e struct{ Name string }) bool { return e.Name == v[1] }) {
					t.Errorf("%s: %s is not in the environment", file, v[0])
				}
			}
		}
	}
}

// The command of each job does what it says, but for being short and reading a
// simulator.
func TestJobCommands(t *testing.T) {
	t.Parallel()
	bin, err := bin()
	if err != nil {
		t.Fatal(err)
	}
	sim, err := startSimulator(bin, t.TempDir(), "--gpus", "1", "--refresh", "10ms")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sim.stop() })
	prometheus := httptest.NewServer(http.HandlerFunc(past))
	t.Cleanup(prometheus.Close)
	for _, name := range []string{"systemd/aiperf-scrape.service", "systemd/aiperf-sample.service", "aiperf.cron", "kubernetes/daemonset.yaml", "kubernetes/cronjob.yaml"} {
		command := jobCommand(t, name)
		dir := t.TempDir()
		var args []string
		for _, arg := range command {
			arg = strings.ReplaceAll(arg, "/var/lib/aiperf", dir)
			arg = strings.ReplaceAll(arg, "/data", dir)
			arg = regexp.MustCompile(`http://(localhost|\$\(NODE\)):9400/metrics`).ReplaceAllString(arg, sim.dcgm)
			switch {
			case strings.HasPrefix(arg, "--prometheus="):
				arg = "--prometheus=" + strings.Replace(prometheus.URL, "://", "://me:s3cret@", 1) + "/prom"
			case arg == "--since=1d":
				arg = "--since=" + yesterday.Format(time.RFC3339)
				args = append(args, "--until="+yesterday.Add(time.Minute).Format(time.RFC3339))
			}
			args = append(args, arg)
		}
		if !slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "--prometheus=") }) {
			args = append(args, "--no-default", "--count", "2", "--interval", "50ms")
		}
		c := exec.Command(filepath.Join(bin, args[0]), args[1:]...)
		c.Dir = dir
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		names := ls(t, dir)
		if len(names) != 1 || endOf(t, filepath.Join(dir, names[0])) != record.Complete {
			t.Errorf("%s leaves %v", name, names)
		}
	}
}

// jobCommand takes the command out of a job's file.
func jobCommand(t *testing.T, name string) []string {
	t.Helper()
	text := readJob(t, name)
	switch filepath.Ext(name) {
	case ".yaml":
		_, p := readManifest(t, name)
		return append(p.Spec.Containers[0].Command, p.Spec.Containers[0].Args...)
	case ".service":
		m := regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/(.*)$`).FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("%s has no ExecStart", name)
		}
		if regexp.MustCompile(`(^|[^%])%([^%]|$)`).MatchString(strings.ReplaceAll(m[1], "%%", "")) {
			t.Errorf("%s: a percent sign is a specifier", name)
		}
		return strings.Fields(strings.ReplaceAll(m[1], "%%", "%"))
	}
	m := regexp.MustCompile(`(?m)^[-\d*/,]+ [-\d*/,]+ [-\d*/,]+ [-\d*/,]+ [-\d*/,]+ (\w+) (.*)$`).FindStringSubmatch(text)
	if m == nil || strings.Contains(strings.ReplaceAll(m[2], `\%`, ""), "%") {
		t.Fatalf("%s has no line of a crontab, or a bare percent sign", name)
	}
	return strings.Fields(strings.ReplaceAll(strings.ReplaceAll(m[2], `\%`, "%"), "'", ""))
}

func TestSystemdUnits(t *testing.T) {
	t.Parallel()
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd-analyze; make test-jobs installs it")
	}
	bin, err := bin()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	files, err := filepath.Glob(jobs + "/systemd/*")
	if err != nil || len(files) != 3 {
		t.Fatalf("units %v, %v", files, err)
	}
	args := []string{"--man=no", "verify"}
	for _, f := range files {
		name := filepath.Join(dir, filepath.Base(f))
		text := strings.ReplaceAll(readJob(t, "systemd/"+filepath.Base(f)), "/usr/local/bin", bin)
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, name)
	}
	c := exec.Command(analyze, args...)
	c.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+dir+":")
	out, err := c.CombinedOutput()
	if err != nil || bytes.Contains(out, []byte(dir)) {
		t.Errorf("%v\n%s", err, out)
	}
}

// The prolog begins what the epilog ends, for jobs with GPUs only, and neither
// ever fails.
func TestSlurmPair(t *testing.T) {
	t.Parallel()
	bin, err := bin()
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range []string{"sh", "setsid", "ps"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("there is no %s", tool)
		}
	}
	sim, err := startSimulator(bin, t.TempDir(), "--gpus", "1", "--refresh", "10ms")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sim.stop() })
	dir := t.TempDir()
	data, state := filepath.Join(dir, "data"), filepath.Join(dir, "run")
	slurm := func(script string, env ...string) string {
		t.Helper()
		c := exec.Command("sh", filepath.Join(jobs, "slurm", script))
		c.Env = append([]string{"PATH=" + bin + ":" + os.Getenv("PATH"), "AIPERF_DIR=" + data, "AIPERF_RUN=" + state, "AIPERF_SOURCE=" + sim.dcgm, "SLURMD_NODENAME=node7"}, env...)
		out, err := c.CombinedOutput()
		if err != nil {
			t.Errorf("%s %v: %v\n%s", script, env, err, out)
		}
		return string(out)
	}
	job := []string{"SLURM_JOB_ID=42", "SLURM_JOB_GPUS=0"}
	slurm("prolog") // without a job
	slurm("prolog", "SLURM_JOB_ID=../../x", "SLURM_JOB_GPUS=0")
	slurm("prolog", "SLURM_JOB_ID=41")
	if _, err := os.Stat(data); err == nil {
		t.Error("a job without a GPU is scraped for")
	}
	if out := slurm("prolog", append(job, "AIPERF_DIR=/dev/null/x")...); !strings.Contains(out, "/dev/null") {
		t.Errorf("of a directory that cannot be made it says %q", out)
	}
	slurm("prolog", job...)
	slurm("prolog", job...) // of a second step
	t.Cleanup(func() { slurm("epilog", job...) })
	making := ""
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if found, _ := filepath.Glob(data + "/job-42-node7-*.part"); len(found) == 1 {
			making = found[0]
			break
		}
	}
	if making == "" {
		t.Fatalf("the prolog begins nothing: %v", ls(t, data))
	}
	slurm("epilog", "SLURM_JOB_ID=43")
	slurm("epilog", job...)
	slurm("epilog", job...)
	if got := endOf(t, strings.TrimSuffix(making, ".part")); got != record.Interrupted {
		t.Errorf("the end is %q", got)
	}
	if names := ls(t, state); len(names) > 0 {
		t.Errorf("%v are left", names)
	}
	// A process that has got the id since is left alone.
	if err := os.WriteFile(filepath.Join(state, "44.pid"), fmt.Appendln(nil, os.Getpid()), 0o644); err != nil {
		t.Fatal(err)
	}
	slurm("epilog", "SLURM_JOB_ID=44")
}
