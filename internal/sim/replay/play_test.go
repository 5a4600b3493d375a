package replay_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/sim/recount"
	"onedoor/internal/sim/replay"
	"onedoor/server"
	"onedoor/syncengine"
)

// someWards are those of the sample in which its traps lie, and most of the
// days' work.
var someWards = []string{"05", "16", "19"}

func TestPlay_NothingIsLostAndAllPhonesAgree(t *testing.T) {
	plan := planOf(t, wardsOfSample(t, someWards...), 1)
	dir := t.TempDir()
	result, err := replay.Play(t.Context(), plan, replay.Options{Dir: dir, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if result.Lost != 0 || result.Duplicated != 0 || !result.Converged {
		t.Errorf("lost %d, duplicated %d, converged %v\n%s", result.Lost, result.Duplicated, result.Converged, strings.Join(result.Problems, "\n"))
	}
	want := 0
	for _, w := range plan.Wards {
		want += replay.OpenCells(w)
	}
	if result.Conflicts != want || want == 0 {
		t.Errorf("%d conflicts, the plan has %d", result.Conflicts, want)
	}
	if result.Phones != 9 || result.Changes != len(changesOf(plan)) || result.Traffic.Pushed < result.Changes {
		t.Errorf("%d phones made %d changes and pushed %d, the plan has %d", result.Phones, result.Changes, result.Traffic.Pushed, len(changesOf(plan)))
	}
	found, err := server.Verify(t.Context(), filepath.Join(dir, "realm"), nil)
	if err != nil || !found.OK() {
		t.Errorf("the realm's own check: %v, %v", found, err)
	}
	// The inspections are of many years; every figure of them is what an independent recount gives.
	problems, err := recount.Realm(t.Context(), filepath.Join(dir, "realm"), recount.Day(2019, 6, 30))
	if err != nil || len(problems) > 0 {
		t.Errorf("reports: %v, %v", problems, err)
	}
}

func TestPlay_PagesOfOneRecordMakeNoDifference(t *testing.T) {
	open := func(o replay.PhoneOptions) (replay.Phone, error) {
		o.PageBytesMax = 1
		return replay.OpenReplica(o)
	}
	for _, seed := range []uint64{1, 2} {
		result := played(t, planOf(t, wardsOfSample(t, someWards...), seed), seed, open)
		if result.Lost != 0 || result.Duplicated != 0 || !result.Converged {
			t.Errorf("seed %d: lost %d, duplicated %d, converged %v\n%s", seed, result.Lost, result.Duplicated, result.Converged, strings.Join(result.Problems, "\n"))
		}
	}
}

func TestPlay_OneSeedGivesOneResult(t *testing.T) {
	folder := wardsOfSample(t, "16")
	var results []*replay.Played
	for range 2 {
		results = append(results, played(t, planOf(t, folder, 4), 4, nil))
	}
	a, b := results[0], results[1]
	if a.Conflicts != b.Conflicts || a.Changes != b.Changes || a.Traffic.Pushed != b.Traffic.Pushed || a.Traffic.Pulled != b.Traffic.Pulled {
		t.Errorf("%+v and %+v", a, b)
	}
}

func TestPlay_AnErrorOfOnePhoneNamesItAndEndsTheReplay(t *testing.T) {
	open := func(o replay.PhoneOptions) (replay.Phone, error) {
		o.Key = o.Key[:5]
		return replay.OpenReplica(o)
	}
	_, err := replay.Play(t.Context(), planOf(t, wardsOfSample(t, "05"), 1), replay.Options{Dir: t.TempDir(), Open: open})
	if err == nil || !strings.Contains(err.Error(), "测试网格员 1") || !strings.Contains(err.Error(), "key of 5 bytes") {
		t.Errorf("error %v", err)
	}
}

func TestPlay_ACancelledReplayEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	open := func(o replay.PhoneOptions) (replay.Phone, error) {
		cancel()
		return replay.OpenReplica(o)
	}
	_, err := replay.Play(ctx, planOf(t, wardsOfSample(t, "05"), 1), replay.Options{Dir: t.TempDir(), Open: open})
	if err == nil {
		t.Error("a cancelled replay ends without an error")
	}
}

// tampered is a phone that does something else than it was asked to, so that
// tests see the auditor notice.
type tampered struct {
	replay.Phone
	// author, when set, stands between the plan and the phone.
	author func(replay.Author) replay.Author
	// deaf phones do not sync when it says so.
	deaf func() bool
	// hidden, forgetful and odd change what the phone tells in the end.
	hidden    func(proto.Message) bool
	forgetful bool
	odd       bool
}

func (p *tampered) Group(f func(replay.Author) error) error {
	return p.Phone.Group(func(a replay.Author) error {
		if p.author != nil {
			a = p.author(a)
		}
		return f(a)
	})
}

func (p *tampered) Sync(ctx context.Context) (replay.Traffic, error) {
	if p.deaf != nil && p.deaf() {
		return replay.Traffic{}, nil
	}
	return p.Phone.Sync(ctx)
}

func (p *tampered) Records(f func(syncengine.ID, proto.Message) error) error {
	return p.Phone.Records(func(id syncengine.ID, m proto.Message) error {
		if p.hidden != nil && p.hidden(m) {
			return nil
		}
		return f(id, m)
	})
}

func (p *tampered) Open() ([]replay.OpenCell, error) {
	open, err := p.Phone.Open()
	if p.forgetful && len(open) > 0 {
		open = open[1:]
	}
	return open, err
}

func (p *tampered) Digest() (string, error) {
	digest, err := p.Phone.Digest()
	if p.odd {
		digest = "0" + digest
	}
	return digest, err
}

// authorWith is an author whose edits and new records may go another way.
type authorWith struct {
	replay.Author
	add  func(replay.Author, proto.Message) (syncengine.ID, error)
	edit func(replay.Author, syncengine.ID, proto.Message) error
}

func (a authorWith) Add(m proto.Message) (syncengine.ID, error) {
	if a.add != nil {
		return a.add(a.Author, m)
	}
	return a.Author.Add(m)
}

func (a authorWith) Edit(id syncengine.ID, m proto.Message, cleared ...string) error {
	if a.edit != nil {
		return a.edit(a.Author, id, m)
	}
	return a.Author.Edit(id, m, cleared...)
}

// once lets something happen to the first hazard only.
func once() func(proto.Message) bool {
	done := false
	return func(m proto.Message) bool {
		if _, ok := m.(*recordv1.Hazard); !ok || done {
			return false
		}
		done = true
		return true
	}
}

// TestAuditor_NoticesWhatGoesWrong plays with phones that drop, alter and
// duplicate, and sees each of the auditor's three answers react.
func TestAuditor_NoticesWhatGoesWrong(t *testing.T) {
	clear := func(p *tampered, o replay.PhoneOptions) {}
	cases := []struct {
		name string
		// seat is the part of a phone's folder by which the tampered one is known; all when empty.
		seat   string
		tamper func(p *tampered, o replay.PhoneOptions)
		// lost, duplicated and apart are what must be noticed.
		lost, duplicated, apart bool
		problem                 string
	}{
		{name: "phones that do as they are told", tamper: clear},
		{
			name: "an edit is dropped", lost: true, apart: true, problem: "lost: hazard",
			tamper: func(p *tampered, _ replay.PhoneOptions) {
				first := once()
				p.author = func(a replay.Author) replay.Author {
					return authorWith{Author: a, edit: func(a replay.Author, id syncengine.ID, m proto.Message) error {
						if first(m) {
							return nil
						}
						return a.Edit(id, m)
					}}
				}
			},
		},
		{
			name: "a value is altered", lost: true, apart: true, problem: "lost: visit",
			tamper: func(p *tampered, _ replay.PhoneOptions) {
				p.author = func(a replay.Author) replay.Author {
					return authorWith{Author: a, add: func(a replay.Author, m proto.Message) (syncengine.ID, error) {
						if v, ok := m.(*recordv1.Visit); ok && v.GetExternalRef() == "4155190/2023" {
							v.Note = proto.String("别的内容")
						}
						return a.Add(m)
					}}
				}
			},
		},
		{
			name: "a record is made twice", duplicated: true, problem: "duplicated: hazard",
			tamper: func(p *tampered, _ replay.PhoneOptions) {
				first := once()
				p.author = func(a replay.Author) replay.Author {
					return authorWith{Author: a, add: func(a replay.Author, m proto.Message) (syncengine.ID, error) {
						if first(m) {
							if _, err := a.Add(m); err != nil {
								return syncengine.ID{}, err
							}
						}
						return a.Add(m)
					}}
				}
			},
		},
		{
			name: "a record is made that nobody planned", duplicated: true, apart: true, problem: "nobody wrote hazard",
			tamper: func(p *tampered, _ replay.PhoneOptions) {
				first := once()
				p.author = func(a replay.Author) replay.Author {
					return authorWith{Author: a, add: func(a replay.Author, m proto.Message) (syncengine.ID, error) {
						if first(m) {
							other := proto.CloneOf(m.(*recordv1.Hazard))
							other.ExternalRef = proto.String("unheard of")
							if _, err := a.Add(other); err != nil {
								return syncengine.ID{}, err
							}
						}
						return a.Add(m)
					}}
				}
			},
		},
		{
			name: "a phone stays away to the end with its edits", seat: "HELPER", lost: true, apart: true, problem: "lacks",
			tamper: func(p *tampered, o replay.PhoneOptions) {
				p.deaf = func() bool { return o.Now().UTC().Format("01-02") >= "07-06" }
			},
		},
		{
			name: "a phone does not show a record", seat: "WORKER", apart: true, problem: "lacks visit",
			tamper: func(p *tampered, _ replay.PhoneOptions) {
				p.hidden = func(m proto.Message) bool { _, is := m.(*recordv1.Visit); return is }
			},
		},
		{
			name: "a phone does not list a conflict", seat: "OFFICER", apart: true, problem: "lists",
			tamper: func(p *tampered, _ replay.PhoneOptions) { p.forgetful = true },
		},
		{
			name: "a phone has another digest", seat: "OFFICER", apart: true, problem: "other digests",
			tamper: func(p *tampered, _ replay.PhoneOptions) { p.odd = true },
		},
	}
	folder := wardsOfSample(t, someWards...)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			open := func(o replay.PhoneOptions) (replay.Phone, error) {
				phone, err := replay.OpenReplica(o)
				if err != nil || !strings.Contains(o.Dir, c.seat) {
					return phone, err
				}
				p := &tampered{Phone: phone}
				c.tamper(p, o)
				return p, nil
			}
			result := played(t, planOf(t, folder, 1), 1, open)
			if (result.Lost > 0) != c.lost || (result.Duplicated > 0) != c.duplicated || result.Converged == c.apart {
				t.Errorf("lost %d, duplicated %d, converged %v\n%s", result.Lost, result.Duplicated, result.Converged, strings.Join(result.Problems, "\n"))
			}
			if problems := strings.Join(result.Problems, "\n"); !strings.Contains(problems, c.problem) {
				t.Errorf("the problems do not tell %q:\n%s", c.problem, problems)
			}
		})
	}
}
