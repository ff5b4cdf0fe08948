package cli

import (
	"strings"
	"testing"

	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

func TestRedact(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, in, want string }{
		{"a secret flag", "--api-key sk-1 -m x", "--api-key REDACTED -m x"},
		{"joined", "--api-key=sk-1 -m x", "--api-key=REDACTED -m x"},
		{"a credential in a header", "-H Authorization:Bearer-1 --header X-Api-Key:2", "-H Authorization: REDACTED --header X-Api-Key: REDACTED"},
		{"joined to -H", "-HAuthorization:Bearer-1", "-HAuthorization: REDACTED"},
		{"another header", "-H Accept:x", "-H Accept:x"},
		{"user and password of a URL", "--url http://u:p@h/x http://u@h", "--url http://REDACTED@h/x http://REDACTED@h"},
		{"a key in a URL's query", "http://h/?a=1&api_key=2&b=3", "http://h/?a=1&api_key=REDACTED&b=3"},
		{"a password with an odd letter", "http://u:a#b@h", "http://REDACTED@h"},
		{"a URL without a scheme", "-u u:p@h:8000 --url=u:p@h --url http://u:p@h,u:p@i", "-u REDACTED@h:8000 --url=REDACTED@h --url http://REDACTED@i"},
		{"a password with an @", "-u http://u:p@p@h/x", "-u http://REDACTED@h/x"},
		{"a port is no password", "-u localhost:8000 --url=[::1]:8000 --seq-dist 256,128:60", "-u localhost:8000 --url=[::1]:8000 --seq-dist 256,128:60"},
		{"-H behind flags without a value", "-qH Authorization:Bearer-1 -vHX-Auth:2 -qv", "-qH Authorization: REDACTED -vHX-Auth: REDACTED -qv"},
		{"other headers with keys", "-H Ocp-Apim-Subscription-Key:1 -H X-Auth:2", "-H Ocp-Apim-Subscription-Key: REDACTED -H X-Auth: REDACTED"},
		{"a key in the body", `--extra-inputs api_key:1 --extra-inputs={"a":1,"client_secret":"x\"y","b":2}`, `--extra-inputs api_key:REDACTED --extra-inputs={"a":1,"client_secret":REDACTED,"b":2}`},
		{"no key in the body", "--extra-inputs max_tokens:5 --extra-inputs ignore_eos:true", "--extra-inputs max_tokens:5 --extra-inputs ignore_eos:true"},
		{"a secret flag without a value", "--api-key", "--api-key"},
		{"nothing to hide", "--url localhost:8000 -v --osl=20", "--url localhost:8000 -v --osl=20"},
	} {
		in := strings.Fields(c.in)
		got := strings.Join(Redact(in, "api-key"), " ")
		if got != c.want {
			t.Errorf("%s: Redact(%s) = %s, want %s", c.why, c.in, got, c.want)
		}
		if strings.Join(in, " ") != c.in {
			t.Errorf("%s: the arguments themselves changed", c.why)
		}
	}
}

func TestNewRunHoldsNoSecret(t *testing.T) {
	t.Parallel()
	env := &Env{Name: "x", Args: strings.Fields("--api-key SECRET -H Authorization:SECRET --url http://u:SECRET@h --osl 5")}
	f := pflag.NewFlagSet("x", pflag.ContinueOnError)
	f.String("api-key", "", "")
	f.StringArrayP("header", "H", nil, "")
	f.StringSlice("url", nil, "")
	f.Int("osl", 0, "")
	if err := f.Parse(env.Args); err != nil {
		t.Fatal(err)
	}
	run := env.NewRun(record.StartClock(), f, "api-key")
	b, err := record.Append(nil, run)
	if err != nil || strings.Contains(string(b), "SECRET") {
		t.Errorf("%s, %v", b, err)
	}
	want := map[string]any{"api-key": "REDACTED", "header": []string{"Authorization: REDACTED"}, "url": []string{"http://REDACTED@h"}, "osl": "5"}
	if diff := cmp.Diff(want, run.Config); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
}
