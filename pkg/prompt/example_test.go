package prompt_test

import (
	"fmt"
	"strings"

	"aiperf/pkg/prompt"
)

func ExampleDataset() {
	file := strings.NewReader(`{"text":"How far is the moon?","output_length":20}
{"text":12}
{"session_id":"tides","text":"Why is there a tide?"}
{"session_id":"tides","text":"And why two a day?","delay":1500}
`)
	d := prompt.Dataset{Files: []prompt.File{{Name: "questions.jsonl", At: file, Size: file.Size()}}, Once: true}
	timed, err := d.Detect()
	fmt.Println(d.Type, timed, err)
	for c, err := range d.Source() {
		if err != nil {
			fmt.Println("bad row:", err)
			continue
		}
		for i, t := range c.Turns {
			fmt.Printf("%d %s/%d after %v: %s\n", c.Index, c.ID, i, t.Delay, t.Messages[0].Content)
		}
	}
	// Output:
	// single_turn false <nil>
	// 0 0/0 after 0s: How far is the moon?
	// bad row: questions.jsonl:2: key "text": want a string, not a JSON number
	// 1 tides/0 after 0s: Why is there a tide?
	// 1 tides/1 after 1.5s: And why two a day?
}

func ExampleParseMix() {
	m, err := prompt.ParseMix("[(256|10,128):40,(512,256):60]")
	fmt.Println(m, err)
	_, err = prompt.ParseMix("256,128:40;512:60")
	fmt.Println(err)
	// Output:
	// 256|10,128:40;512,256:60 <nil>
	// sequence distribution pair 2 "512:60": has no output length: want "ISL,OSL:percent"
}

func ExampleModels_Pick() {
	m := prompt.Models{Names: []string{"small", "large"}}
	fmt.Println(m.Pick(0), m.Pick(1), m.Pick(2))
	// Output: small large small
}
