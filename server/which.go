package server

import "context"

// spokenFor gives the realm that a call's token speaks in. A server of one realm leaves it to the realm to say what is wrong.
func (s *Server) spokenFor(context.Context) (*hosted, error) { return s.realms.first(), nil }

// named gives the realm that a message names or, by a code in it, belongs to.
func (s *Server) named(context.Context, any) (*hosted, error) { return s.realms.first(), nil }
