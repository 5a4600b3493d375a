package feedrpc

import (
	"fmt"

	"github.com/google/uuid"

	feedv1 "onedoor/proto/gen/onedoor/feed/v1"

	"onedoor/server/feed"
	"onedoor/syncengine"
)

// wireFeed tells how a feed stands.
func wireFeed(st *feed.Stand) *feedv1.Feed {
	m := &feedv1.Feed{
		Id: st.ID.String(), Name: st.Name, UserId: st.User.String(), Kinds: feed.KindNames(st.Kinds), Sharing: st.Sharing, Purpose: st.Purpose,
		Url: st.URL, State: stateOf(st), MadeMs: int64(st.Made), ClosedMs: int64(st.Closed),
		TakenSeq: st.Delivery.GetSeq(), Behind: st.Behind, TakenMs: st.Delivery.GetTakenMs(), Failures: st.Delivery.GetFailures(),
		Failure: st.Delivery.GetFailure(), NextMs: st.Delivery.GetNextMs(),
	}
	if st.Stopped != nil && st.Closed == 0 {
		m.Failure = st.Stopped.Error()
	}
	return m
}

func stateOf(st *feed.Stand) feedv1.FeedState {
	switch {
	case st.Closed != 0:
		return feedv1.FeedState_FEED_STATE_CLOSED
	case st.Stopped != nil:
		return feedv1.FeedState_FEED_STATE_STOPPED
	case st.Delivery.GetFailures() > 0:
		return feedv1.FeedState_FEED_STATE_FAILING
	}
	return feedv1.FeedState_FEED_STATE_OPEN
}

// idOf reads an id.
func idOf(what, text string) (syncengine.ID, error) {
	id, err := uuid.Parse(text)
	if err != nil {
		return syncengine.ID{}, fmt.Errorf("%w: id of the %s: %q is not a UUID", feed.ErrInvalid, what, text)
	}
	return syncengine.ID(id), nil
}
