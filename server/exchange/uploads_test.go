package exchange_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/server/store"
	"onedoor/server/store/memstore"
)

// gate is a store whose commits wait while it is shut.
type gate struct {
	store.Store
	// open lets one commit pass for each value; nil lets all pass.
	open chan struct{}
}

func (g *gate) Update(ctx context.Context, f func(store.Writer) error) error {
	if g.open != nil {
		<-g.open
	}
	return g.Store.Update(ctx, f)
}

// busyServer has a batch of one phone at the gate while another phone asks for
// its page; answered is closed when that one has been answered.
func busyServer(t *testing.T) (g *gate, answered, durable chan struct{}) {
	g = &gate{Store: memstore.New()}
	w := newWorldOn(t, g, nil)
	user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)
	writer, reader := w.phone(user), w.phone(user)
	writer.sync()
	reader.sync()
	writer.create(kindPremises, door(w.gridA, "福慧路1号"))
	g.open = make(chan struct{})
	answered, durable = make(chan struct{}), make(chan struct{})
	go func() { // ends when the gate has let the batch pass
		writer.take(writer.call(writer.request()))
		close(durable)
	}()
	synctest.Wait()
	go func() { // ends when the server has given way
		reader.take(reader.call(reader.request()))
		close(answered)
	}()
	synctest.Wait()
	return g, answered, durable
}

func isClosed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestExchange_AnswerWaitsUntilOthersBatchesAreDurable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, answered, durable := busyServer(t)
		if isClosed(answered) {
			t.Error("a page was cut while a batch waited to become durable")
		}
		began := time.Now()
		g.open <- struct{}{}
		<-answered
		<-durable
		if waited := time.Since(began); waited != 0 {
			t.Errorf("the answer came %v after the last batch was durable", waited)
		}
		close(g.open)
	})
}

func TestExchange_AnswerWaitsForOthersOnlySoLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, answered, durable := busyServer(t)
		began := time.Now()
		<-answered // The gate is shut all the while.
		if waited := time.Since(began); waited > time.Second || isClosed(durable) {
			t.Errorf("the answer came after %v", waited)
		}
		close(g.open)
		<-durable
	})
}
