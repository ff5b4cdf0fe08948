package join

import "aiperf/pkg/record"

// A pen holds lines and gives out the oldest; of equal times the one that came
// first. Lines that came in order lie in a queue, so that they cost no more than
// being copied; the others in a heap.
type pen struct {
	ring  []penned // from head on, in the order of time and of arrival; its length is a power of two
	head  int
	count int // in the ring
	heap  heap[*penned]
	in    int // bytes that have come in, ever
	extra int // bytes in the heap
	seq   int
}

type penned struct {
	line record.Line
	seq  int
	in   int // what had come in before
}

// perLine is what a line takes beside its bytes.
const perLine = 128

func (p *pen) empty() bool { return p.count == 0 && len(p.heap) == 0 }

func (p *pen) at(i int) *penned { return &p.ring[(p.head+i)&(len(p.ring)-1)] }

// bytes is how much memory the lines keep alive at most. Lines that came after
// one another share blocks, so the front of the queue keeps all that came after
// it.
func (p *pen) bytes() int {
	n := p.extra
	if p.count > 0 {
		n += p.in - p.at(0).in
	}
	return n
}

// push takes a line. It is true if the line was out of order.
func (p *pen) push(l *record.Line) bool {
	p.seq++
	before := p.in
	p.in += len(l.Raw) + perLine
	if p.count == 0 || p.at(p.count-1).line.Time <= l.Time {
		if p.count == len(p.ring) {
			p.grow()
		}
		*p.at(p.count) = penned{*l, p.seq, before}
		p.count++
		return false
	}
	x := &penned{*l, p.seq, before}
	x.line.Raw = append([]byte(nil), l.Raw...) // or it would keep its block
	p.extra += len(l.Raw) + perLine
	p.heap.push(x)
	return true
}

func (p *pen) grow() {
	ring := make([]penned, max(64, 2*len(p.ring)))
	n := copy(ring, p.ring[p.head:])
	copy(ring[n:], p.ring[:p.head])
	p.ring, p.head = ring, 0
}

// oldest is the line that pop would give. There must be one.
func (p *pen) oldest() *record.Line {
	if p.fromHeap() {
		return &p.heap[0].line
	}
	return &p.at(0).line
}

func (p *pen) fromHeap() bool {
	return len(p.heap) > 0 && (p.count == 0 || p.heap[0].Before(p.at(0)))
}

func (p *pen) pop() record.Line {
	if p.fromHeap() {
		l := p.heap.pop().line
		p.extra -= len(l.Raw) + perLine
		return l
	}
	x := p.at(0)
	l := x.line
	x.line.Raw = nil // or it would stay alive until the ring comes round
	p.head = (p.head + 1) & (len(p.ring) - 1)
	p.count--
	return l
}

func (x *penned) Before(y *penned) bool {
	if x.line.Time != y.line.Time {
		return x.line.Time < y.line.Time
	}
	return x.seq < y.seq
}
