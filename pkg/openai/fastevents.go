package openai

// response reads one of Responses' events that have a delta, or nothing of
// interest.
func (s *scanner) response(d *Delta) {
	var seen uint16
	var typ []byte
	var some bool
	for ok := s.open('{', '}'); ok && !s.bad; ok = s.more('}') {
		switch key := s.key(); string(key) {
		case "type":
			s.once(&seen, 0)
			typ = s.word()
		case "delta":
			s.once(&seen, 1)
			some = s.someWord()
		case "error", "response", "item", "object", "status", "output", "incomplete_details", "usage":
			s.fail()
		default:
			s.other(key)
		}
	}
	if !plainEvent(typ) {
		s.fail()
	}
	if some {
		d.Kind = deltaKind(typ)
	}
}

// message reads one of Messages' deltas, or a ping and such.
func (s *scanner) message(d *Delta) {
	var seen uint16
	var typ []byte
	var k Kind
	for ok := s.open('{', '}'); ok && !s.bad; ok = s.more('}') {
		switch key := s.key(); string(key) {
		case "type":
			s.once(&seen, 0)
			typ = s.word()
		case "delta":
			s.once(&seen, 1)
			k = s.block()
		case "message", "content_block", "usage", "content", "stop_reason", "error":
			s.fail()
		default:
			s.other(key)
		}
	}
	switch string(typ) {
	case "content_block_delta":
		d.Kind = k
	case "content_block_stop", "ping":
	default:
		s.fail()
	}
}

func (s *scanner) block() Kind {
	if s.null() {
		return None
	}
	var seen uint16
	var text, thinking, json bool
	for ok := s.open('{', '}'); ok && !s.bad; ok = s.more('}') {
		switch key := s.key(); string(key) {
		case "text":
			s.once(&seen, 0)
			text = s.someWord()
		case "thinking":
			s.once(&seen, 1)
			thinking = s.someWord()
		case "partial_json":
			s.once(&seen, 2)
			json = s.someWord()
		case "name", "data":
			s.fail()
		default:
			s.other(key)
		}
	}
	return kind(text, json, thinking)
}

// generated reads an event of Text Generation Inference that is not the last.
func (s *scanner) generated(d *Delta) {
	var seen uint16
	for ok := s.open('{', '}'); ok && !s.bad; ok = s.more('}') {
		switch key := s.key(); string(key) {
		case "token":
			s.once(&seen, 0)
			d.Kind = s.token()
		case "generated_text", "details", "error":
			s.absent()
		default:
			s.other(key)
		}
	}
}

func (s *scanner) token() Kind {
	if s.null() {
		return None
	}
	var seen uint16
	var text, special bool
	for ok := s.open('{', '}'); ok && !s.bad; ok = s.more('}') {
		switch key := s.key(); string(key) {
		case "text":
			s.once(&seen, 0)
			text = s.someWord()
		case "special":
			s.once(&seen, 1)
			if special = s.peek() == 't'; !special && s.peek() != 'f' {
				s.fail()
			}
			s.skip(0)
		default:
			s.other(key)
		}
	}
	return kind(text && !special, false, false)
}
