package openai

// chunk reads a chunk of chat or completions.
func (s *scanner) chunk(d *Delta) {
	var seen uint16
	for ok := s.open('{', '}'); ok && !s.bad; ok = s.more('}') {
		switch key := s.key(); string(key) {
		case "choices":
			s.once(&seen, 0)
			s.choices(d)
		case "usage":
			s.once(&seen, 1)
			d.Usage = s.usage()
		case "error":
			s.once(&seen, 2)
			s.absent()
		case "object":
			s.once(&seen, 3)
			if string(s.word()) == "error" {
				s.fail()
			}
		default:
			s.other(key)
		}
	}
}

func (s *scanner) choices(d *Delta) {
	if s.null() {
		return
	}
	n := 0
	for ok := s.open('[', ']'); ok && !s.bad; ok = s.more(']') {
		if n++; n > 1 { // what several choices add up to is left to the general way
			s.fail()
		}
		s.choice(d)
	}
}

func (s *scanner) choice(d *Delta) {
	var seen uint16
	var text bool
	for ok := s.open('{', '}'); ok && !s.bad; ok = s.more('}') {
		switch key := s.key(); string(key) {
		case "delta", "message": // a part of an answer, or all of it
			s.once(&seen, 0)
			d.Kind = s.content()
		case "text":
			s.once(&seen, 2)
			text = s.some()
		case "finish_reason":
			s.once(&seen, 3)
			d.Finish = reason(s.word())
		default:
			s.other(key)
		}
	}
	if text {
		d.Kind = Content
	}
}

func (s *scanner) content() Kind {
	if s.null() {
		return None
	}
	var seen uint16
	var text, reasoning, tool bool
	for ok := s.open('{', '}'); ok && !s.bad; ok = s.more('}') {
		switch key := s.key(); string(key) {
		case "content":
			s.once(&seen, 0)
			text = s.some() || text
		case "refusal":
			s.once(&seen, 1)
			text = s.some() || text
		case "reasoning_content":
			s.once(&seen, 2)
			reasoning = s.some() || reasoning
		case "reasoning":
			s.once(&seen, 3)
			reasoning = s.some() || reasoning
		case "tool_calls":
			s.once(&seen, 4)
			tool = s.toolCalls() || tool
		case "function_call":
			s.once(&seen, 5)
			tool = s.function() || tool
		default:
			s.other(key)
		}
	}
	return kind(text, tool, reasoning)
}

// toolCalls tells whether any call says something.
func (s *scanner) toolCalls() (says bool) {
	if s.null() {
		return false
	}
	for ok := s.open('[', ']'); ok && !s.bad; ok = s.more(']') {
		var seen uint16
		for ok := s.open('{', '}'); ok && !s.bad; ok = s.more('}') {
			switch key := s.key(); string(key) {
			case "id":
				s.once(&seen, 0)
				says = s.someWord() || says
			case "function":
				s.once(&seen, 1)
				says = s.function() || says
			default:
				s.other(key)
			}
		}
	}
	return says
}

func (s *scanner) function() (says bool) {
	if s.null() {
		return false
	}
	var seen uint16
	for ok := s.open('{', '}'); ok && !s.bad; ok = s.more('}') {
		switch key := s.key(); string(key) {
		case "name":
			s.once(&seen, 0)
			says = s.someWord() || says
		case "arguments":
			s.once(&seen, 1)
			says = s.someWord() || says
		default:
			s.other(key)
		}
	}
	return says
}

func (s *scanner) usage() *Usage {
	if s.null() {
		return nil
	}
	c := noCounts()
	var seen uint16
	for ok := s.open('{', '}'); ok && !s.bad; ok = s.more('}') {
		switch key := s.key(); string(key) {
		case "prompt_tokens":
			s.once(&seen, promptTokens)
			c[promptTokens] = s.count()
		case "completion_tokens", "output_tokens": // both at once are refused
			s.once(&seen, outputTokens)
			c[outputTokens] = s.count()
		case "prompt_tokens_details":
			s.once(&seen, cachedTokens)
			c[cachedTokens] = s.detail("cached_tokens")
		case "completion_tokens_details", "output_tokens_details":
			s.once(&seen, reasonTokens)
			c[reasonTokens] = s.detail("reasoning_tokens")
		case "input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "input_tokens_details":
			s.fail()
		default:
			s.other(key)
		}
	}
	if s.bad {
		return nil
	}
	return c.usage()
}

// detail reads the one count of interest in an object of them.
func (s *scanner) detail(name string) int {
	n := -1
	if s.null() {
		return n
	}
	var seen uint16
	for ok := s.open('{', '}'); ok && !s.bad; ok = s.more('}') {
		if key := s.key(); string(key) != name {
			s.other(key)
			continue
		}
		s.once(&seen, 0)
		n = s.count()
	}
	return n
}

// count reads a number of up to nine digits; null is -1.
func (s *scanner) count() int {
	if s.null() {
		return -1
	}
	s.peek()
	from, n := s.i, 0
	for s.i < len(s.b) && isDigit(s.b[s.i]) && s.i < from+10 {
		n = 10*n + int(s.b[s.i]-'0')
		s.i++
	}
	length := s.i - from
	next := s.next()
	if length == 0 || length > 9 || length > 1 && s.b[from] == '0' || next == '.' || next|0x20 == 'e' {
		s.fail()
	}
	return n
}
