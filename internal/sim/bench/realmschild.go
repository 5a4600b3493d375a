package bench

import (
	"path/filepath"

	"onedoor/domain"
	"onedoor/server"
)

// openRealms makes realms of a comparison and serves them from one process.
func (s *serverPart) openRealms(c command) (a answer, err error) {
	s.dir = c.Dir
	for _, realm := range c.Realms {
		if _, err := server.Init(s.ctx, server.InitOptions{Dir: filepath.Join(c.Dir, realm), Store: c.Store, Realm: domain.Code(realm)}); err != nil {
			return a, err
		}
	}
	if s.server, err = server.Open(s.ctx, server.Config{Realms: c.Dir, Store: c.Store, Listen: "127.0.0.1:0"}); err != nil {
		return a, err
	}
	go s.server.Serve() // ended by Stop
	return answer{Addr: s.server.Addr().String()}, nil
}
