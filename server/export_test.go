package server

import (
	"context"

	"google.golang.org/grpc"
)

// RecoverPanic runs a call whose handler panics and gives what the caller gets.
func (s *Server) RecoverPanic(fault string) error {
	_, err := s.recoverCall(context.Background(), nil, &grpc.UnaryServerInfo{FullMethod: "/broken"}, func(context.Context, any) (any, error) {
		panic(fault)
	})
	return err
}

// DiskAdvice is what an operator is told of the room where something is kept.
var DiskAdvice = diskAdvice
