package scrape

import (
	"maps"
	"sync"

	"aiperf/pkg/record"
)

// sightings remember which source a GPU was first seen at, so that one that is
// seen through two is told.
type sightings struct {
	mu sync.Mutex
	at map[[2]string]string // source by UUID and instance
}

// claim gives the other source that the GPU was seen at before; "" if there is
// none, or if the GPU has no UUID.
func (s *sightings) claim(g *record.GPU) string {
	if g.UUID == "" {
		return ""
	}
	k := [2]string{g.UUID, g.MIG}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at == nil {
		s.at = map[[2]string]string{}
	}
	at, ok := s.at[k]
	if !ok {
		s.at[k] = g.Source
	}
	if at == g.Source {
		return ""
	}
	return at
}

// forget forgets what was seen at a source.
func (s *sightings) forget(source string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.at, func(_ [2]string, at string) bool { return at == source })
}
