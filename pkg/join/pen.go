package join

import "aiperf/pkg/record"

// A pen holds lines and gives out the oldest; of equal times the one that came
// first. Lines that came in order lie in a queue, so that they cost no more than
// being copied; the others in a heap.
type pen struct {
	queue []penned // in the order of time, and of arrival
	head  int
	heap  []penned
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

func (p *pen) empty() bool { return p.head == len(p.queue) && len(p.heap) == 0 }

// bytes is how much memory the lines keep alive at most. Lines that came after
// one another share blocks, so the front of the queue keeps all that came after
// it.
func (p *pen) bytes() int {
	n := p.extra
	if p.head < len(p.queue) {
		n += p.in - p.queue[p.head].in
	}
	return n
}

// push takes a line. It is true if the line was out of order.
func (p *pen) push(l record.Line) bool {
	p.seq++
	x := penned{l, p.seq, p.in}
	p.in += len(l.Raw) + perLine
	if n := len(p.queue); p.head == n || p.queue[n-1].line.Time <= l.Time {
		p.enqueue(x)
		return false
	}
	x.line.Raw = append([]byte(nil), l.Raw...) // or it would keep its block
	p.extra += len(l.Raw) + perLine
	p.heap = append(p.heap, x)
	p.up(len(p.heap) - 1)
	return true
}

func (p *pen) enqueue(x penned) {
	if p.head > 1024 && p.head > len(p.queue)/2 {
		n := copy(p.queue, p.queue[p.head:])
		clear(p.queue[n:])
		p.queue, p.head = p.queue[:n], 0
	}
	p.queue = append(p.queue, x)
}

// oldest is the line that pop would give. There must be one.
func (p *pen) oldest() *record.Line {
	if p.fromHeap() {
		return &p.heap[0].line
	}
	return &p.queue[p.head].line
}

func (p *pen) fromHeap() bool {
	return len(p.heap) > 0 && (p.head == len(p.queue) || p.heap[0].before(&p.queue[p.head]))
}

func (p *pen) pop() record.Line {
	if p.fromHeap() {
		l := p.heap[0].line
		last := len(p.heap) - 1
		p.heap[0], p.heap[last] = p.heap[last], penned{}
		p.heap = p.heap[:last]
		p.down(0)
		p.extra -= len(l.Raw) + perLine
		return l
	}
	l := p.queue[p.head].line
	p.queue[p.head] = penned{}
	if p.head++; p.head == len(p.queue) {
		p.queue, p.head = p.queue[:0], 0
	}
	return l
}

func (x *penned) before(y *penned) bool {
	if x.line.Time != y.line.Time {
		return x.line.Time < y.line.Time
	}
	return x.seq < y.seq
}

func (p *pen) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !p.heap[i].before(&p.heap[parent]) {
			return
		}
		p.heap[i], p.heap[parent] = p.heap[parent], p.heap[i]
		i = parent
	}
}

func (p *pen) down(i int) {
	for {
		least := i
		for c := 2*i + 1; c <= 2*i+2 && c < len(p.heap); c++ {
			if p.heap[c].before(&p.heap[least]) {
				least = c
			}
		}
		if least == i {
			return
		}
		p.heap[i], p.heap[least] = p.heap[least], p.heap[i]
		i = least
	}
}
