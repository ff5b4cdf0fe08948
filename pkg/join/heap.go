package join

// A heap is a binary heap. It is written out here, for container/heap would make
// every element an allocation.
type heap[T interface{ Before(T) bool }] []T

func (h *heap[T]) push(x T) {
	s := append(*h, x)
	*h = s
	i := len(s) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if !x.Before(s[parent]) {
			break
		}
		s[i] = s[parent]
		i = parent
	}
	s[i] = x
}

// pop takes the first element out. There must be one.
func (h *heap[T]) pop() T {
	var none T
	s := *h
	top, last := s[0], len(s)-1
	s[0], s[last] = s[last], none
	*h = s[:last]
	if last > 0 {
		h.fix()
	}
	return top
}

// fix puts the first element, which may have changed, where it belongs.
func (h heap[T]) fix() {
	x, i := h[0], 0
	for {
		c := 2*i + 1
		if c >= len(h) {
			break
		}
		if c+1 < len(h) && h[c+1].Before(h[c]) {
			c++
		}
		if !h[c].Before(x) {
			break
		}
		h[i] = h[c]
		i = c
	}
	h[i] = x
}
