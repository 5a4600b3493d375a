package server

import (
	"onedoor/server/feed"
	"onedoor/server/observe"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// posted counts a page that was posted to a system outside.
func (h *hosted) posted(p feed.Posted) {
	h.observed.FeedPost(p.Feed.String(), p.Taken, p.Again, p.Bytes)
}

// feedsStanding tells how the open feeds stand.
func (h *hosted) feedsStanding(r store.Reader, st *observe.State) error {
	stands, err := h.feeds.StandsIn(r, syncengine.ID{})
	for i := range stands {
		f := &stands[i]
		if f.Closed == 0 {
			st.Feeds = append(st.Feeds, observe.FeedState{
				ID: f.ID.String(), Waiting: timeAt(syncengine.UnixMilli(f.Delivery.GetFailingMs())), Behind: f.Behind, Stopped: f.Stopped != nil,
			})
		}
	}
	st.FeedReaders = h.feeds.Readers()
	return err
}
