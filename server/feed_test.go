package server_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	feedv1 "onedoor/proto/gen/onedoor/feed/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/wire"
	"onedoor/syncengine"
)

func (w *world) feeds() feedv1.FeedServiceClient { return feedv1.NewFeedServiceClient(w.conn) }

// user adds a user and gives the id, and a context with a token of theirs.
func (w *world) user(name string, role recordv1.Role, territory string) (id []byte, ctx context.Context) {
	w.t.Helper()
	m, err := w.admin().AddUser(w.ctx, &adminv1.AddUserRequest{Name: name, Role: role, TerritoryCode: territory})
	w.must(err)
	minted, err := w.admin().MintToken(w.ctx, &adminv1.MintTokenRequest{UserId: m.GetUserId()})
	w.must(err)
	return m.GetUserId(), metadata.AppendToOutgoingContext(w.t.Context(), "authorization", "Bearer "+minted.GetToken())
}

// feed makes a feed and gives its id.
func (w *world) feed(req *feedv1.PutFeedRequest) string {
	w.t.Helper()
	m, err := w.feeds().PutFeed(w.ctx, req)
	w.must(err)
	return m.GetFeed().GetId()
}

// told reads a feed to its end from a cursor on, in pages of a size.
func (w *world) told(ctx context.Context, feed, cursor string, bytesMax uint32) (events []*feedv1.Event, next string, restarts int) {
	w.t.Helper()
	for {
		m, err := w.feeds().ReadFeed(ctx, &feedv1.ReadFeedRequest{Id: feed, Cursor: cursor, PageBytesMax: bytesMax})
		w.must(err)
		events = append(events, m.GetPage().GetEvents()...)
		if m.GetPage().GetRestart() {
			restarts++
		}
		if cursor = m.GetPage().GetCursor(); m.GetPage().GetCaughtUp() {
			return events, cursor, restarts
		}
	}
}

// lines writes events as the tests compare them: type, kind and a field.
func lines(events []*feedv1.Event, field string) (out []string) {
	for _, e := range events {
		value := e.GetRecord().GetFields()[field]
		out = append(out, strings.TrimSpace(strings.TrimPrefix(e.GetType().String(), "EVENT_TYPE_")+" "+e.GetKind()+" "+value.GetStringValue()))
	}
	return out
}

// id writes an id as feeds do; raw reads one.
func id(b []byte) string {
	v, _ := syncengine.IDFromBytes(b)
	return v.String()
}

func raw(t *testing.T, text string) []byte {
	t.Helper()
	v, err := wire.ParseID(text)
	if err != nil {
		t.Fatal(err)
	}
	return v[:]
}

func TestFeed_TellsWhatItsUserMayReadAndGoesOnFromACursor(t *testing.T) {
	w := serving(t)
	ann := w.replica(11, w.code("和丽"))
	w.sync(ann)
	user, ctx := w.user("城市平台", recordv1.Role_ROLE_COMMUNITY_STAFF, "530702001001")
	feed := w.feed(&feedv1.PutFeedRequest{Name: "城市平台", UserId: id(user), Kinds: []string{"premises"}, Purpose: "平台协同"})
	var doors []string
	for _, address := range []string{"民主路1号", "民主路2号", "民主路3号"} {
		door, err := ann.AddJSON("premises", `{"address":"`+address+`","territory":"530702001001"}`)
		w.must(err)
		doors = append(doors, door)
	}
	_, err := ann.AddJSON("dispute", `{"title":"漏水","territory":"530702001001"}`)
	w.must(err)
	w.sync(ann)
	// Pages of one record each.
	events, cursor, restarts := w.told(ctx, feed, "", 1)
	if got := lines(events, "address"); !slices.Equal(got, []string{"CHANGED premises 民主路1号", "CHANGED premises 民主路2号", "CHANGED premises 民主路3号"}) || restarts != 1 {
		t.Errorf("%v with %d restarts", got, restarts)
	}
	w.must(ann.EditJSON(doors[0], `{"address":"民主路1号甲"}`))
	w.must(ann.Delete(syncengine.ID(raw(t, doors[1]))))
	w.sync(ann)
	events, cursor, restarts = w.told(ctx, feed, cursor, 0)
	if got := lines(events, "address"); !slices.Equal(got, []string{"CHANGED premises 民主路1号甲", "DELETED premises"}) || restarts != 0 {
		t.Errorf("then %v with %d restarts", got, restarts)
	}
	if again, _, _ := w.told(ctx, feed, cursor, 0); len(again) != 0 {
		t.Errorf("nothing was new, and it told %v", lines(again, "address"))
	}
}

func TestFeed_SaysThatACaseIsGoneFromWhichItsUserIsRecused(t *testing.T) {
	w := serving(t)
	user, ctx := w.user("热线", recordv1.Role_ROLE_RECEPTION, "530702001")
	_, lead := w.user("街道", recordv1.Role_ROLE_DISPATCHER, "530702001")
	feed := w.feed(&feedv1.PutFeedRequest{Name: "热线", UserId: id(user), Kinds: []string{"dispute"}, Purpose: "回访"})
	record, err := structpb.NewStruct(map[string]any{"title": "楼上漏水", "territory": "530702001001"})
	w.must(err)
	submitted, err := w.feeds().SubmitCase(ctx, &feedv1.SubmitCaseRequest{Reference: "1", Record: record})
	w.must(err)
	events, cursor, _ := w.told(ctx, feed, "", 0)
	if got := lines(events, "title"); !slices.Equal(got, []string{"CHANGED dispute 楼上漏水"}) {
		t.Fatalf("told %v", got)
	}
	fields, err := proto.Marshal(&recordv1.Dispute{Recused: [][]byte{user}})
	w.must(err)
	_, err = w.admin().TakeStep(lead, &adminv1.TakeStepRequest{Step: "note", CaseId: raw(t, submitted.GetCaseId()), Text: "与当事人有亲属关系", Fields: fields})
	w.must(err)
	events, _, restarts := w.told(ctx, feed, cursor, 0)
	if got := lines(events, "title"); !slices.Equal(got, []string{"GONE"}) || events[0].GetRecordId() != submitted.GetCaseId() || restarts != 0 {
		t.Errorf("a case that its user is kept from: %v, %d restarts", got, restarts)
	}
}

func TestFeed_BeginsAnewWhenTheUsersRightsChangeOrTheCursorIsNotItsOwn(t *testing.T) {
	w := serving(t)
	ann := w.replica(11, w.code("和丽"))
	w.sync(ann)
	user, ctx := w.user("城市平台", recordv1.Role_ROLE_COMMUNITY_STAFF, "530702001002")
	feed := w.feed(&feedv1.PutFeedRequest{Name: "城市平台", UserId: id(user), Kinds: []string{"premises"}, Purpose: "平台协同"})
	other := w.feed(&feedv1.PutFeedRequest{Name: "法院", UserId: id(user), Kinds: []string{"premises"}, Purpose: "诉调对接"})
	_, err := ann.AddJSON("premises", `{"address":"民主路1号","territory":"530702001001"}`)
	w.must(err)
	w.sync(ann)
	events, cursor, _ := w.told(ctx, feed, "", 0)
	if len(events) != 0 {
		t.Errorf("told %v of another community", lines(events, "address"))
	}
	_, err = w.admin().SetGrants(w.ctx, &adminv1.SetGrantsRequest{UserId: user, Grants: []*adminv1.Grant{{Role: recordv1.Role_ROLE_COMMUNITY_STAFF, TerritoryCode: "530702001001"}}})
	w.must(err)
	events, cursor, restarts := w.told(ctx, feed, cursor, 0)
	if got := lines(events, "address"); !slices.Equal(got, []string{"CHANGED premises 民主路1号"}) || restarts != 1 {
		t.Errorf("with the wider grant it told %v with %d restarts", got, restarts)
	}
	if events, _, restarts = w.told(ctx, other, cursor, 0); len(events) != 1 || restarts != 1 {
		t.Errorf("the cursor of another feed was gone on from: %v, %d restarts", lines(events, "address"), restarts)
	}
	if events, _, restarts = w.told(ctx, feed, "no cursor", 0); len(events) != 1 || restarts != 1 {
		t.Errorf("a text that is no cursor was gone on from: %v, %d restarts", lines(events, "address"), restarts)
	}
	_, err = w.admin().SetGrants(w.ctx, &adminv1.SetGrantsRequest{UserId: user})
	w.must(err)
	if events, _, restarts = w.told(ctx, feed, cursor, 0); len(events) != 0 || restarts != 1 {
		t.Errorf("with the grant taken back it told %v with %d restarts", lines(events, "address"), restarts)
	}
}

func TestFeed_BeginsAnewWhenItIsSentOtherKinds(t *testing.T) {
	w := serving(t)
	ann := w.replica(11, w.code("和丽"))
	w.sync(ann)
	_, err := ann.AddJSON("premises", `{"address":"民主路1号","territory":"530702001001"}`)
	w.must(err)
	_, err = ann.AddJSON("dispute", `{"title":"漏水","territory":"530702001001"}`)
	w.must(err)
	w.sync(ann)
	user, ctx := w.user("城市平台", recordv1.Role_ROLE_COMMUNITY_STAFF, "530702001001")
	feed := w.feed(&feedv1.PutFeedRequest{Name: "城市平台", UserId: id(user), Kinds: []string{"premises"}, Purpose: "平台协同"})
	_, cursor, _ := w.told(ctx, feed, "", 0)
	w.feed(&feedv1.PutFeedRequest{Id: feed, Kinds: []string{"premises"}, Purpose: "平台协同，第二期"})
	if events, _, restarts := w.told(ctx, feed, cursor, 0); len(events) != 0 || restarts != 0 {
		t.Errorf("another purpose told %v with %d restarts", lines(events, "address"), restarts)
	}
	w.feed(&feedv1.PutFeedRequest{Id: feed, Kinds: []string{"dispute", "premises"}, Purpose: "平台协同"})
	events, _, restarts := w.told(ctx, feed, cursor, 0)
	if got := lines(events, "title"); !slices.Equal(got, []string{"CHANGED premises", "CHANGED dispute 漏水"}) || restarts != 1 {
		t.Errorf("with disputes too it told %v with %d restarts", got, restarts)
	}
}

// share files a sharing and gives its number.
func (w *world) share(ctx context.Context, until int64) uint64 {
	w.t.Helper()
	m, err := adminv1.NewPrivacyServiceClient(w.conn).FileEntry(ctx, &adminv1.FileEntryRequest{Entry: &adminv1.RegisterEntry{
		Register: adminv1.PrivacyRegisterKind_PRIVACY_REGISTER_KIND_SHARING, What: "门牌与联系人", Recipient: "城市平台", Purpose: "平台协同", UntilMs: until,
	}})
	w.must(err)
	return m.GetEntry().GetNumber()
}

func TestFeed_SealedFieldsGoOutUnderASharingInForceAlone(t *testing.T) {
	w := serving(t)
	ann := w.replica(11, w.code("和丽"))
	w.sync(ann)
	door, err := ann.AddJSON("premises", `{"address":"民主路1号","territory":"530702001001","contact":{"name":"某某","phone":"13811112222"}}`)
	w.must(err)
	w.sync(ann)
	user, ctx := w.user("城市平台", recordv1.Role_ROLE_COMMUNITY_STAFF, "530702001001")
	_, lead := w.user("街道", recordv1.Role_ROLE_STREET_LEAD, "530702001")
	put := &feedv1.PutFeedRequest{Name: "城市平台", UserId: id(user), Kinds: []string{"premises"}, Purpose: "平台协同"}
	plain := w.feed(put)
	events, _, _ := w.told(ctx, plain, "", 0)
	if len(events) != 1 || events[0].GetRecord().GetFields()["contact"] != nil {
		t.Errorf("without a sharing it told %v", events)
	}
	put.Name, put.Sharing = "城市平台二", 77
	if _, err := w.feeds().PutFeed(w.ctx, put); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("a sharing that does not stand: %v", err)
	}
	day := int64(24 * 60 * 60_000)
	put.Sharing = w.share(lead, w.now().UnixMilli()+day)
	open := w.feed(put)
	events, cursor, _ := w.told(ctx, open, "", 0)
	if len(events) != 1 || events[0].GetRecord().GetFields()["contact"].GetStructValue().GetFields()["phone"].GetStringValue() != "13811112222" {
		t.Errorf("with a sharing it told %v", events)
	}
	w.noted(door, 2)
	w.later.Add(day + 1)
	if _, err := w.feeds().ReadFeed(ctx, &feedv1.ReadFeedRequest{Id: open, Cursor: cursor}); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("after the sharing's end it was read: %v", err)
	}
	m, err := w.feeds().ListFeeds(w.ctx, &feedv1.ListFeedsRequest{})
	w.must(err)
	at := slices.IndexFunc(m.GetFeeds(), func(f *feedv1.Feed) bool { return f.GetId() == open })
	if got := m.GetFeeds()[at]; got.GetState() != feedv1.FeedState_FEED_STATE_STOPPED || !strings.Contains(got.GetFailure(), "over") {
		t.Errorf("the list says %v", got)
	}
}

// noted wants the deliveries of a record in the access ledger: the first without sealed fields, the last with them.
func (w *world) noted(record string, want int) {
	w.t.Helper()
	stream, err := w.admin().ReadAccessLedger(w.ctx, &adminv1.ReadAccessLedgerRequest{RecordId: raw(w.t, record), Actions: []adminv1.AccessAction{adminv1.AccessAction_ACCESS_ACTION_FEED}})
	w.must(err)
	var sealed []bool
	for {
		m, err := stream.Recv()
		if err != nil {
			break
		}
		sealed = append(sealed, len(m.GetEntry().GetRecords()[0].GetFields()) > 0)
		if m.GetEntry().GetReason() != "平台协同" || !strings.HasPrefix(m.GetEntry().GetPlace(), "城市平台") {
			w.t.Errorf("the ledger says %v", m.GetEntry())
		}
	}
	if len(sealed) != want || sealed[0] || !sealed[want-1] {
		w.t.Errorf("deliveries with sealed fields: %v, want %d, the last one with them", sealed, want)
	}
}

func TestFeed_AReferenceIsOneCaseHoweverOftenItIsSent(t *testing.T) {
	w := serving(t)
	_, ctx := w.user("热线", recordv1.Role_ROLE_RECEPTION, "530702001")
	_, otherCtx := w.user("法院", recordv1.Role_ROLE_RECEPTION, "530702001")
	record, err := structpb.NewStruct(map[string]any{"title": "楼上漏水", "territory": "530702001001"})
	w.must(err)
	submit := func(ctx context.Context) *feedv1.SubmitCaseResponse {
		m, err := w.feeds().SubmitCase(ctx, &feedv1.SubmitCaseRequest{Reference: "12345-7", Record: record})
		w.must(err)
		return m
	}
	var all sync.WaitGroup
	answers := make([]*feedv1.SubmitCaseResponse, 8)
	for i := range answers {
		all.Go(func() { answers[i] = submit(ctx) })
	}
	all.Wait()
	created := 0
	for _, a := range answers {
		if a.GetCreated() {
			created++
		}
		if a.GetCaseId() != answers[0].GetCaseId() || a.GetState() != "registered" || a.GetDeadlineMs() == 0 {
			t.Errorf("answered %v", a)
		}
	}
	if created != 1 {
		t.Errorf("%d of %d registered it", created, len(answers))
	}
	if theirs := submit(otherCtx); !theirs.GetCreated() || theirs.GetCaseId() == answers[0].GetCaseId() {
		t.Errorf("the same key of another system gave %v", theirs)
	}
	if _, err := w.feeds().SubmitCase(w.ctx, &feedv1.SubmitCaseRequest{Reference: "1", Record: record}); status.Code(err) != codes.PermissionDenied {
		t.Errorf("the operator's token registered a case: %v", err)
	}
	if _, err := w.feeds().SubmitCase(ctx, &feedv1.SubmitCaseRequest{Reference: "13811112222", Record: record}); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("a telephone number as a reference: %v", err)
	}
	refer := func(key string) (*feedv1.SetReferenceResponse, error) {
		return w.feeds().SetReference(otherCtx, &feedv1.SetReferenceRequest{RecordId: answers[0].GetCaseId(), Reference: key})
	}
	if m, err := refer("12345-7"); err != nil || m.GetNoted() {
		t.Errorf("the key that stands: %v, %v", m, err)
	}
	if _, err := refer("other"); status.Code(err) != codes.InvalidArgument {
		t.Errorf("another key than stands: %v", err)
	}
}

func TestFeed_FollowingWaitsForWhatComesAndEndsWithTheFeed(t *testing.T) {
	w := serving(t)
	ann := w.replica(11, w.code("和丽"))
	w.sync(ann)
	user, ctx := w.user("城市平台", recordv1.Role_ROLE_COMMUNITY_STAFF, "530702001001")
	feed := w.feed(&feedv1.PutFeedRequest{Name: "城市平台", UserId: id(user), Kinds: []string{"premises"}, Purpose: "平台协同"})
	stream, err := w.feeds().FollowFeed(ctx, &feedv1.FollowFeedRequest{Id: feed})
	w.must(err)
	first, err := stream.Recv()
	w.must(err)
	if !first.GetPage().GetCaughtUp() || len(first.GetPage().GetEvents()) != 0 {
		t.Errorf("it began with %v", first)
	}
	_, err = ann.AddJSON("premises", `{"address":"民主路1号","territory":"530702001001"}`)
	w.must(err)
	w.sync(ann)
	next, err := stream.Recv()
	w.must(err)
	if got := lines(next.GetPage().GetEvents(), "address"); !slices.Equal(got, []string{"CHANGED premises 民主路1号"}) {
		t.Errorf("it went on with %v", got)
	}
	_, err = w.feeds().CloseFeed(w.ctx, &feedv1.CloseFeedRequest{Id: feed})
	w.must(err)
	_, err = ann.AddJSON("premises", `{"address":"民主路2号","territory":"530702001001"}`)
	w.must(err)
	w.sync(ann)
	if m, err := stream.Recv(); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("after its end it gave %v, %v", m, err)
	}
}

func TestFeed_RefusesWhatItMayNotBe(t *testing.T) {
	w := serving(t)
	user, ctx := w.user("城市平台", recordv1.Role_ROLE_COMMUNITY_STAFF, "530702001001")
	lead, _ := w.user("区", recordv1.Role_ROLE_DISTRICT, "530702")
	good := func() *feedv1.PutFeedRequest {
		return &feedv1.PutFeedRequest{Name: "城市平台", UserId: id(user), Purpose: "平台协同"}
	}
	for name, change := range map[string]func(*feedv1.PutFeedRequest){
		"no purpose":             func(r *feedv1.PutFeedRequest) { r.Purpose = " " },
		"no name":                func(r *feedv1.PutFeedRequest) { r.Name = "" },
		"a telephone as purpose": func(r *feedv1.PutFeedRequest) { r.Purpose = "请打13811112222" },
		"a kind that is none":    func(r *feedv1.PutFeedRequest) { r.Kinds = []string{"people"} },
		"http to another host":   func(r *feedv1.PutFeedRequest) { r.Url = "http://platform.example/hook" },
		"a url with a password":  func(r *feedv1.PutFeedRequest) { r.Url = "https://a:b@platform.example/hook" },
		"no url":                 func(r *feedv1.PutFeedRequest) { r.Url = "platform.example" },
		"a user who reads none":  func(r *feedv1.PutFeedRequest) { r.UserId, r.Kinds = id(lead), []string{"premises"} },
		"an id that is none":     func(r *feedv1.PutFeedRequest) { r.UserId = "17" },
	} {
		req := good()
		change(req)
		if _, err := w.feeds().PutFeed(w.ctx, req); status.Code(err) != codes.InvalidArgument {
			t.Errorf("%s: %v", name, err)
		}
	}
	feed := w.feed(good())
	if _, err := w.feeds().PutFeed(w.ctx, good()); status.Code(err) != codes.AlreadyExists {
		t.Errorf("a name that an open feed has: %v", err)
	}
	if _, err := w.feeds().PutFeed(ctx, good()); status.Code(err) != codes.PermissionDenied {
		t.Errorf("a user's token made a feed: %v", err)
	}
	if _, err := w.feeds().ReadFeed(w.ctx, &feedv1.ReadFeedRequest{Id: feed}); status.Code(err) != codes.NotFound {
		t.Errorf("the operator's token read a feed: %v", err)
	}
	_, otherCtx := w.user("别人", recordv1.Role_ROLE_COMMUNITY_STAFF, "530702001001")
	if _, err := w.feeds().ReadFeed(otherCtx, &feedv1.ReadFeedRequest{Id: feed}); status.Code(err) != codes.NotFound {
		t.Errorf("another user's token read a feed: %v", err)
	}
}
