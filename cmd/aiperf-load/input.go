package main

import (
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"aiperf/pkg/cli"
	"aiperf/pkg/prompt"

	"github.com/spf13/pflag"
)

// inputFlags say what to ask.
type inputFlags struct {
	file      []string
	kind      string
	sampling  string
	blockSize int
	maxTurns  int
	seed      int64
	leftOut   atomic.Int64 // conversations that the format's bounds leave out

	inMean, inStddev   float64
	outMean, outStddev float64
	mix                string
	conversations      int
	entries            int
	turns              prompt.Lengths
	thinkMean          float64
	thinkStddev        float64
	thinkRatio         float64
	prefixes           int
	prefixLength       int
	system, context    int
	bust               string
	batch              int
	passages           prompt.Lengths
	passageTokens      prompt.Lengths
	queryTokens        prompt.Lengths
}

func (i *inputFlags) registerFile(f *pflag.FlagSet) {
	f.StringArrayVar(&i.file, "input-file", nil, "ask what is in `FILE`, - is standard input; a random_pool may have several, or a directory")
	f.StringVar(&i.kind, "custom-dataset-type", "", "`format` of the file, found out if it is not given: "+join(prompt.Types))
	f.StringVar(&i.sampling, "dataset-sampling-strategy", "", "`order` of rows: sequential, random (with replacement) or shuffle (default sequential; random for a random_pool)")
	f.IntVar(&i.blockSize, "synthetic-input-tokens-block-size", 0, "`tokens` of the block that a hash_id of a trace stands for (also --isl-block-size; default 512)")
	f.IntVar(&i.maxTurns, "sharegpt-turns", 1, "`turns` of a ShareGPT conversation to ask at most; 0: all")
}

func join(types []prompt.Type) string {
	var s strings.Builder
	for i, t := range types {
		switch {
		case i == len(types)-1:
			s.WriteString(" or ")
		case i > 0:
			s.WriteString(", ")
		}
		s.WriteString(string(t))
	}
	return s.String()
}

func (i *inputFlags) registerSynthetic(f *pflag.FlagSet) {
	f.Float64Var(&i.inMean, "synthetic-input-tokens-mean", 550, "mean number of `tokens` of a prompt (also --isl)")
	f.Float64Var(&i.inStddev, "synthetic-input-tokens-stddev", 0, "its standard deviation in `tokens` (also --isl-stddev)")
	f.Float64Var(&i.outMean, "output-tokens-mean", 0, "mean number of `tokens` of answer to ask for (also --osl; default: the server decides)")
	f.Float64Var(&i.outStddev, "output-tokens-stddev", 0, "its standard deviation in `tokens` (also --osl-stddev)")
	f.StringVar(&i.mix, "seq-dist", "", "`mix` of lengths instead, such as '256,128:60;512|20,256|10:40' (input|stddev,output|stddev:percent)")
	f.IntVar(&i.entries, "num-dataset-entries", 100, "`number` of distinct conversations, sent in turn (also --num-prompts)")
	f.IntVar(&i.conversations, "conversation-num", 0, "`number` of conversations to send (also --num-sessions); beside --request-count the number of distinct ones")
	f.Float64Var(&i.turns.Mean, "conversation-turn-mean", 1, "mean `number` of turns of a conversation")
	f.Float64Var(&i.turns.Stddev, "conversation-turn-stddev", 0, "its standard deviation in `turns`")
	f.Float64Var(&i.thinkMean, "conversation-turn-delay-mean", 0, "mean `milliseconds` between an answer and the next turn")
	f.Float64Var(&i.thinkStddev, "conversation-turn-delay-stddev", 0, "its standard deviation in `milliseconds`")
	f.Float64Var(&i.thinkRatio, "conversation-turn-delay-ratio", 1, "`factor` on these delays")
	f.IntVar(&i.prefixes, "num-prefix-prompts", 0, "`number` of prefixes, of which each conversation begins with one")
	f.IntVar(&i.prefixLength, "prefix-prompt-length", 0, "`tokens` of a prefix, on top of those of the prompt")
	f.IntVar(&i.system, "shared-system-prompt-length", 0, "`tokens` of a system prompt that all conversations share")
	f.IntVar(&i.context, "user-context-prompt-length", 0, "`tokens` of a message of its own in front of each conversation")
	f.StringVar(&i.bust, "cache-bust", "none", "`where` each conversation has a marker that no other has: none, system_prefix, system_suffix, first_turn_prefix or first_turn_suffix")
	f.IntVar(&i.batch, "batch-size", 1, "`texts` in a request for embeddings")
	f.Float64Var(&i.passages.Mean, "rankings-passages-mean", 1, "mean `number` of passages in a request for rankings")
	f.Float64Var(&i.passages.Stddev, "rankings-passages-stddev", 0, "its standard deviation in `passages`")
	f.Float64Var(&i.passageTokens.Mean, "rankings-passages-tokens-mean", 550, "mean number of `tokens` of a passage")
	f.Float64Var(&i.passageTokens.Stddev, "rankings-passages-tokens-stddev", 0, "its standard deviation in `tokens`")
	f.Float64Var(&i.queryTokens.Mean, "rankings-query-prompt-token-mean", 550, "mean number of `tokens` of a query")
	f.Float64Var(&i.queryTokens.Stddev, "rankings-query-prompt-token-stddev", 0, "its standard deviation in `tokens`")
	f.Int64Var(&i.seed, "random-seed", 0, "`seed` of prompts, arrivals, cancellations and choices: the same seed gives the same")
}

func (o *options) checkInput() error {
	i := &o.input
	if len(i.file) > 0 {
		for _, name := range []string{"synthetic-input-tokens-mean", "synthetic-input-tokens-stddev", "seq-dist",
			"conversation-turn-mean", "conversation-turn-stddev", "conversation-turn-delay-mean", "conversation-turn-delay-stddev",
			"num-prefix-prompts", "shared-system-prompt-length", "user-context-prompt-length", "num-dataset-entries"} {
			if o.set(name) {
				return cli.Usagef("--%s makes prompts up and --input-file reads them; give one", name)
			}
		}
	}
	kind := o.server.endpointType
	if i.batch > 1 && kind != "embeddings" {
		return cli.Usagef("--batch-size %d needs --endpoint-type embeddings", i.batch)
	}
	for _, name := range []string{"rankings-passages-mean", "rankings-passages-stddev", "rankings-passages-tokens-mean", "rankings-passages-tokens-stddev",
		"rankings-query-prompt-token-mean", "rankings-query-prompt-token-stddev"} {
		if o.set(name) && !strings.HasSuffix(kind, "_rankings") {
			return cli.Usagef("--%s needs --endpoint-type cohere_rankings or hf_tei_rankings", name)
		}
	}
	if i.outStddev != 0 && i.outMean == 0 {
		return cli.Usagef("--output-tokens-stddev needs --output-tokens-mean")
	}
	return firstError(
		o.needs("custom-dataset-type", "input-file"),
		o.needs("dataset-sampling-strategy", "input-file"),
		o.needs("synthetic-input-tokens-block-size", "input-file"),
		o.needs("sharegpt-turns", "input-file"),
		o.needs("num-prefix-prompts", "prefix-prompt-length"),
		o.needs("prefix-prompt-length", "num-prefix-prompts"),
		o.excludes("seq-dist", "synthetic-input-tokens-mean", "synthetic-input-tokens-stddev", "output-tokens-mean"),
		checkBounds(
			bound{"synthetic-input-tokens-mean", i.inMean, 1, 1e9},
			bound{"synthetic-input-tokens-stddev", i.inStddev, 0, 1e9},
			bound{"output-tokens-mean", i.outMean, 0, 1e9},
			bound{"output-tokens-stddev", i.outStddev, 0, 1e9},
			bound{"num-dataset-entries", float64(i.entries), 1, 0},
			bound{"conversation-num", float64(i.conversations), o.least("conversation-num"), 0},
			bound{"conversation-turn-mean", i.turns.Mean, 1, 1e6},
			bound{"conversation-turn-stddev", i.turns.Stddev, 0, 1e6},
			bound{"conversation-turn-delay-mean", i.thinkMean, 0, 1e12},
			bound{"conversation-turn-delay-stddev", i.thinkStddev, 0, 1e12},
			bound{"conversation-turn-delay-ratio", i.thinkRatio, 0, 1e6},
			bound{"batch-size", float64(i.batch), 1, 1e6},
		),
	)
}

// least is 1 for a number that was given, and 0 for one that was not.
func (o *options) least(flag string) float64 {
	if o.set(flag) {
		return 1
	}
	return 0
}

// synthetic describes prompts that are made up.
func (o *options) synthetic(seed int64, part prompt.Part) (prompt.Synthetic, error) {
	i := &o.input
	s := prompt.Synthetic{
		Distinct: i.entries, In: prompt.Lengths{Mean: i.inMean, Stddev: i.inStddev}, Turns: i.turns, Seed: seed,
		PrefixPool: i.prefixes, PrefixLength: i.prefixLength, System: i.system, Context: i.context, Part: part,
	}
	if i.turns == (prompt.Lengths{Mean: 1}) {
		s.Turns = prompt.Lengths{}
	}
	if o.set("conversation-num") && !o.set("num-dataset-entries") {
		s.Distinct = i.conversations
	}
	if i.outMean > 0 {
		s.Out = &prompt.Lengths{Mean: i.outMean, Stddev: i.outStddev}
	}
	ms := func(x float64) time.Duration { return time.Duration(x * float64(time.Millisecond)) }
	s.Think = prompt.Delays{Mean: ms(i.thinkMean), Stddev: ms(i.thinkStddev)}.Times(i.thinkRatio)
	if i.mix != "" {
		var err error
		if s.Mix, err = prompt.ParseMix(i.mix); err != nil {
			return s, cli.Usagef("--seq-dist: %w", err)
		}
	}
	switch o.server.endpointType {
	case "embeddings":
		s.Texts = i.batch
	case "cohere_rankings", "hf_tei_rankings":
		s.Rankings = &prompt.Rankings{Passages: i.passages, PassageTokens: i.passageTokens, QueryTokens: i.queryTokens}
	case "raw":
		return s, cli.Hint(cli.Usagef("--endpoint-type raw sends the bodies of --input-file"), "a line of the file is a request's body, or {\"payload\":…}")
	}
	if err := s.Check(); err != nil {
		return s, cli.Usagef("synthetic prompts: %w", err)
	}
	return s, nil
}

// marked puts the markers of --cache-bust into a source. Processes that share
// the work need the same; two runs must not have the same.
func (o *options) marked(src prompt.Source, tok prompt.Tokenizer) (prompt.Source, error) {
	b := prompt.CacheBust{Target: o.input.bust, Salt: int64(rand.Uint64())}
	if o.shard.shard != "" {
		start, err := o.shard.start()
		if err != nil {
			return nil, err
		}
		if start.IsZero() && b.Target != "" && b.Target != "none" {
			return nil, cli.Usagef("--cache-bust with --shard needs --start-at, by which the processes agree on markers that no other run has")
		}
		b.Salt = o.input.seed ^ start.UnixNano()
	}
	if err := b.Check(); err != nil {
		return nil, cli.Usagef("--cache-bust: %w", err)
	}
	return b.Source(src, tok), nil
}
