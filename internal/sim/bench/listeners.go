package bench

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/sim/desk"
	"onedoor/internal/wire"
)

// A listener is a phone reduced to what it costs the server while nothing happens: an enrolled device with a connection of its
// own, on which it waits for hints. It has no records, so that one machine holds ten thousand of them beside the server.

// listenFor enrols a listener on each seat and has it wait for hints until the process ends.
func (p *crowdPart) listenFor(c command) error {
	ctx, stop := context.WithCancel(p.ctx)
	p.stop = stop
	errs := make([]error, len(c.Phones))
	eachOf(len(c.Phones), func(i int) { errs[i] = p.listener(ctx, c, i) })
	return firstOf(errs)
}

func (p *crowdPart) listener(ctx context.Context, c command, i int) error {
	dial := from(firstListenerAddress + i/phonesPerAddress)
	conn, err := grpc.NewClient(c.Server, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithContextDialer(dial),
		grpc.WithInitialWindowSize(wire.WindowBytes), grpc.WithInitialConnWindowSize(wire.WindowBytes))
	if err != nil {
		return err
	}
	stream, err := watching(ctx, syncv1.NewSyncServiceClient(conn), c.Phones[i], i)
	if err != nil {
		_ = conn.Close() // It has told what is wrong.
		return fmt.Errorf("listener %d: %w", i, err)
	}
	p.watching.Go(func() { // ended by close
		defer conn.Close()
		for {
			if _, err := stream.Recv(); err != nil {
				return
			}
		}
	})
	return nil
}

// firstListenerAddress is behind the addresses of a storm's phones.
const firstListenerAddress = StormPhonesMax/phonesPerAddress + 10

// watching enrols a device and begins its watch.
func watching(ctx context.Context, service syncv1.SyncServiceClient, seat desk.Seat, i int) (syncv1.SyncService_WatchClient, error) {
	seed := make([]byte, ed25519.SeedSize)
	copy(seed, fmt.Sprintf("listener %d", i))
	key := ed25519.NewKeyFromSeed(seed)
	random := [10]byte{'l', 'i', 's', 't', 'e', 'n', byte(i >> 16), byte(i >> 8), byte(i)}
	id := wire.NewRecordID(0, random)
	enrol := &syncv1.EnrolRequest{Code: seat.Code, Incarnation: id[:], PublicKey: key.Public().(ed25519.PublicKey)}
	enrol.Signature = ed25519.Sign(key, wire.EnrolMessage(enrol))
	enrolled, err := service.Enrol(ctx, enrol)
	if err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	watch := &syncv1.WatchRequest{Realm: enrolled.GetRealm(), Incarnation: id[:], TimeMs: time.Now().UnixMilli()}
	watch.Signature = ed25519.Sign(key, wire.WatchMessage(watch))
	return service.Watch(ctx, watch)
}
