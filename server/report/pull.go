package report

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"onedoor/domain"
	"onedoor/domain/metrics"
	"onedoor/domain/smallcells"
	"onedoor/server/accessledger"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Query is what somebody pulls.
type Query struct {
	// Figure is its name, Territory the code of the place.
	Figure, Territory string
	// By is the level of the rows; 0 for the territory's own.
	By domain.Level
	// From and To are the first and the last day.
	From, To domain.Days
	// AsOf is the entry up to which is counted; 0 for the newest, or for what was frozen.
	AsOf syncengine.Seq
	// Format is the form that the access ledger names.
	Format string
	// Waiting hears how far the count of the log is while the pull waits for it; nil for nobody.
	Waiting Progress
	// AtOnce refuses the pull with [ErrCounting] where it would have to wait for that.
	AtOnce bool
}

// Formats are the forms in which a report is asked for, as the access ledger names them.
var Formats = []string{"table", "json", "csv", "xlsx", "console"}

// PeriodDaysMax bounds a period: ten years and their leap days.
const PeriodDaysMax = 3_660

// Report is a figure with all that is to be known of it.
type Report struct {
	Figure    *metrics.Figure
	Realm     string
	Territory identity.Territory
	By        domain.Level
	From, To  domain.Days
	At        Watermark
	// Heard and Of are the phones that were heard from, and all; Unsent the changes that they have and the server has not.
	Heard, Of int
	Unsent    int64
	// Provisional says that the figures may still change. Hash and FrozenAt are of a frozen month.
	Provisional bool
	Hash        []byte
	FrozenAt    syncengine.UnixMilli
	// Rules is the version of the rulebook that was counted by; 0 for the rules that are compiled in.
	Rules uint32
	// Stale are territories whose phones were not all heard from.
	Stale []identity.Territory
	// Split says that rows are in parts.
	Split bool
	// Rows are disjoint and in the order of codes; Totals are sums of them, Late is what came after the month was frozen.
	Rows, Totals, Late []Row
}

// Row is one number.
type Row struct {
	Territory, Name string
	// Class is the part's name in files, ClassZH in Chinese.
	Class, ClassZH string
	// Sum and Value are nil where nothing is shown; Value also where there is none.
	Sum   *metrics.Sum
	Value *float64
	// Low and High bound the value by what phones have not sent; nil where there is no bound.
	Low, High  *float64
	Suppressed bool
}

// pulling is one pull under way.
type pulling struct {
	s      *Service
	r      store.Reader
	tree   *identity.Tree
	root   identity.Territory
	query  Query
	figure *metrics.Figure
	reach  reach
	layout *layout
	heard  []heard
	period metrics.Period
	// bounded says that rows have bounds: what is frozen does not move, and what phones held at an earlier entry nobody knows.
	bounded bool
	// moved is how far one unsent change moves the figure; nil before that is asked.
	moved *[2]int64
	out   *Report
}

// Pull gives a report to whoever holds a token, and notes it in the access ledger first.
func (s *Service) Pull(ctx context.Context, who identity.Principal, q Query) (*Report, error) {
	out, err := s.PullTogether(ctx, who, q, nil)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// PullTogether is Pull of a figure and of others beside it, all as of the same entry. They are read together, so the access ledger
// tells of them in one entry.
func (s *Service) PullTogether(ctx context.Context, who identity.Principal, q Query, beside []string) (out []*Report, err error) {
	if err := checkBeside(q.Figure, beside); err != nil {
		return nil, err
	}
	for _, name := range slices.Concat([]string{q.Figure}, beside) {
		one := q
		if one.Figure = name; len(out) > 0 && out[0].Provisional && !ofNow(name) {
			one.AsOf = out[0].At.Seq
		}
		r, err := s.pull(ctx, who, one)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, s.realm.Note(ctx, accessledger.Entry{
		Action: accessledger.Export, Actor: actorOf(who),
		Reason: reasonText(beside), Place: placeText(q, out[0]),
	})
}

// besideMax bounds the figures beside the first: an office's sheets have ten together, and one entry of the access ledger names them.
const besideMax = 12

// checkBeside refuses a figure that is asked for twice, and more than one pull may have.
func checkBeside(figure string, beside []string) error {
	if len(beside) > besideMax {
		return fmt.Errorf("%d figures beside %s: %w: %d are allowed, pull the others by themselves", len(beside), figure, ErrInvalid, besideMax)
	}
	for i, name := range beside {
		if name == figure || slices.Contains(beside[:i], name) {
			return fmt.Errorf("figure %q: %w: it is asked for twice", name, ErrInvalid)
		}
	}
	return nil
}

// ofNow reports a figure that tells of phones as they are now, whatever the log held at an earlier entry.
func ofNow(figure string) bool { return figure == "sync_health" }

// reasonText says in the access ledger why: a report, and which figures were read beside the one that the place names.
func reasonText(beside []string) string {
	if len(beside) == 0 {
		return "report"
	}
	return "report, with " + strings.Join(beside, ", ")
}

// placeText says in the access ledger what was pulled.
func placeText(q Query, out *Report) string {
	text := fmt.Sprintf("%s %s by %s %s..%s as of %d %s", q.Figure, q.Territory, out.By, metrics.DayText(q.From), metrics.DayText(q.To), out.At.Seq, q.Format)
	return strings.TrimSpace(text) // Who asks over HTTP need not name a form.
}

// pull counts. A month that is ripe is frozen first, between two looks: a look must not write.
func (s *Service) pull(ctx context.Context, who identity.Principal, q Query) (out *Report, err error) {
	if done, total := s.progress(); q.AtOnce && total > 0 {
		return nil, fmt.Errorf("%w: %d%% is done", ErrCounting, 100*done/total)
	}
	if err := s.take(ctx, q.Waiting); err != nil {
		return nil, err
	}
	defer s.release()
	for range 2 {
		var month *metrics.Month
		err = s.realm.View(ctx, func(r store.Reader) error {
			p, err := s.begin(r, who, q)
			if err != nil {
				return err
			}
			if err := s.followTo(r, q.Waiting); err != nil {
				return err
			}
			if month, err = p.toFreeze(); err != nil || month != nil {
				return err
			}
			out, err = p.run()
			return err
		})
		if err != nil || month == nil {
			return out, err
		}
		if _, err := s.freezeOne(ctx, *month); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("the month was frozen and is not found: %w", store.ErrDamaged)
}

// begin checks the question.
func (s *Service) begin(r store.Reader, who identity.Principal, q Query) (*pulling, error) {
	f, ok := metrics.Find(q.Figure)
	if !ok {
		return nil, fmt.Errorf("figure %q: %w: give one of %s", q.Figure, ErrUnknownFigure, strings.Join(names(), " "))
	}
	tree, err := s.treeOf(r)
	if err != nil {
		return nil, err
	}
	root, ok := tree.ByCode(q.Territory)
	if !ok {
		return nil, fmt.Errorf("territory %q: %w", q.Territory, identity.ErrTerritoryUnknown)
	}
	p := &pulling{s: s, r: r, tree: tree, root: root, query: q, figure: f}
	if p.reach, err = reachOf(r, tree, who, root); err != nil {
		return nil, err
	}
	level, _ := domain.ParseLevel(root.Level)
	if q.By == 0 {
		p.query.By = level
	}
	return p, p.check(level)
}

func (p *pulling) check(level domain.Level) error {
	q := p.query
	switch {
	case level < domain.County:
		return fmt.Errorf("%s %s lies above the realm: %w: give its county or a territory in it", p.root.Level, p.root.Code, ErrInvalid)
	case q.By < level:
		return fmt.Errorf("rows by %s of a %s: %w: they would be larger than the territory", q.By, level, ErrInvalid)
	case q.From == metrics.NoDay || q.To == metrics.NoDay || q.To < q.From || q.To-q.From >= PeriodDaysMax:
		return fmt.Errorf("a period from %s to %s: %w: both days count, the last is not before the first, %d days at most",
			metrics.DayText(q.From), metrics.DayText(q.To), ErrInvalid, PeriodDaysMax)
	case q.Format != "" && !slices.Contains(Formats, q.Format):
		return fmt.Errorf("form %q: %w: give one of %s", q.Format, ErrInvalid, strings.Join(Formats, ", "))
	case q.AsOf > p.r.Head().Seq:
		return fmt.Errorf("as of %d: %w: it stands at %d", q.AsOf, ErrAhead, p.r.Head().Seq)
	case q.AsOf != 0 && ofNow(p.figure.Name):
		return fmt.Errorf("%s as of %d: %w: it tells of the phones as they are now", p.figure.Name, q.AsOf, ErrPast)
	}
	return p.reach.allow(p.figure, q.By)
}

func names() (out []string) {
	for _, f := range metrics.Figures() {
		out = append(out, f.Name)
	}
	return out
}

// known is the last day that a watermark tells of.
func known(at Watermark) domain.Days { return domain.UnixMilli(at.Committed).ShanghaiDay() }

// run counts.
func (p *pulling) run() (*Report, error) {
	q := p.query
	var err error
	if p.layout, err = newLayout(p.tree, p.root, q.By); err != nil {
		return nil, err
	}
	now := p.s.realm.Time()
	all, err := phones(p.r)
	if err != nil {
		return nil, err
	}
	since := heardAfter(q.To, now)
	p.heard = heardBy(p.tree, all, p.layout, since)
	p.out = &Report{
		Figure: p.figure, Realm: p.s.realm.Realm().Name, Territory: p.root, By: q.By, From: q.From, To: q.To, At: p.s.projection.at, Provisional: true,
		Heard: p.heard[0].phones, Of: p.heard[0].of, Unsent: p.heard[0].unsent, Stale: stale(p.tree, all, p.root.ID, since),
	}
	switch p.figure.Name {
	case "sync_health":
		return p.out, p.health(all, now)
	case "sync_lag":
		return p.out, p.asOf(q.AsOf, p.lag)
	}
	z, err := p.frozenMonth()
	if err != nil {
		return nil, err
	}
	if z != nil {
		return p.out, p.frozen(z)
	}
	return p.out, p.asOf(q.AsOf, p.count)
}

// asOf runs f on the projection as it stood at an entry.
func (p *pulling) asOf(at syncengine.Seq, f func() error) error {
	return p.s.rewound(p.r, at, func(mark Watermark) error {
		p.out.At, p.out.Rules = mark, p.s.projection.book
		p.period = metrics.Period{From: p.query.From, To: p.query.To, Known: known(mark)}
		return f()
	})
}

// count fills the report from the projection.
func (p *pulling) count() error {
	s := p.s.projection.count(p.figure, p.period, p.layout)
	g := gate{hidden: open, split: !p.figure.Split.Additive()}
	if p.reach >= reachStreet {
		g = pulled(p.layout, s, p.figure)
	}
	p.bounded = p.out.At == watermark(p.r)
	p.fill(s, g)
	return nil
}

// frozenMonth gives the frozen month that the period is; nil for any other period and where somebody asks for another
// watermark.
func (p *pulling) frozenMonth() (*frozen, error) {
	m, whole := (metrics.Period{From: p.query.From, To: p.query.To}).Month()
	if !whole || p.query.AsOf != 0 {
		return nil, nil
	}
	return readFrozen(p.r, m)
}

// toFreeze gives the month that is to be frozen before it is pulled; nil for none.
func (p *pulling) toFreeze() (*metrics.Month, error) {
	m, whole := (metrics.Period{From: p.query.From, To: p.query.To}).Month()
	if !whole || !ripe(m, p.s.realm.Realm(), p.s.realm.Time()) {
		return nil, nil
	}
	if z, err := readFrozen(p.r, m); err != nil || z != nil {
		return nil, err
	}
	return &m, nil
}

// frozen fills the report from a frozen month, and tells apart what came since.
func (p *pulling) frozen(z *frozen) error {
	s, err := z.sums(p.r, p.figure, p.tree, p.layout)
	if err != nil {
		return err
	}
	p.out.Provisional, p.out.Hash, p.out.FrozenAt = false, z.head.GetHash(), syncengine.UnixMilli(z.head.GetFrozenMs())
	p.out.Rules = z.head.GetRulesVersion()
	p.out.At = Watermark{Epoch: syncengine.Epoch(z.head.GetEpoch()), Seq: syncengine.Seq(z.head.GetSeq()), Committed: syncengine.UnixMilli(z.head.GetCommittedMs())}
	copy(p.out.At.Tag[:], z.head.GetTag())
	g := pulled(p.layout, s, p.figure)
	if p.reach == reachDistrict {
		if g, err = p.publishedGate(z); err != nil {
			return err
		}
	}
	p.fill(s, g)
	p.period = metrics.Period{From: p.query.From, To: p.query.To, Known: known(p.s.projection.at)}
	p.late(s)
	return nil
}

// publishedGate is the district's gate of a frozen month.
func (p *pulling) publishedGate(z *frozen) (gate, error) {
	split := p.figure.Split
	if !split.Additive() {
		return gate{split: true, hidden: open}, nil
	}
	key := fmt.Sprintf("%s %d %x", z.month, split, z.head.GetHash())
	pub := p.s.published[key]
	if pub == nil || pub.revision != p.tree.Revision() {
		root, ok := rootOf(p.tree, p.s.realm.Realm())
		if !ok {
			root = p.root
		}
		var err error
		if pub, err = z.publish(p.r, p.tree, root, split); err != nil {
			return gate{}, err
		}
		p.s.published[key] = pub
	}
	return pub.gateFor(p.layout), nil
}

// late lists by place what the month would count more, or less, today.
func (p *pulling) late(was *sums) {
	is := p.s.projection.count(p.figure, p.period, p.layout)
	for i := range p.layout.places {
		if !p.layout.places[i].row || p.layout.places[i].rank() == smallcells.Below {
			continue
		}
		for _, class := range p.wholes() {
			n, d := p.layout.total(is, i, class)
			n0, d0 := p.layout.total(was, i, class)
			if sum := (metrics.Sum{Num: n - n0, Den: d - d0}); sum != (metrics.Sum{}) {
				p.out.Late = append(p.out.Late, p.row(i, class, sum, false, false))
			}
		}
	}
}
