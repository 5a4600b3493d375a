package sim

// weather is what a seed's world is like: how large it is, and how often what goes wrong.
type weather struct {
	// phones and steps are the size of the story, grids that of the district.
	phones, steps, grids int
	// crowd makes the phones many and their work short.
	crowd bool
	// sqlite keeps the server's store in a real file.
	sqlite bool
	// servers is how many serve from the one store.
	servers int
	// ledger keeps identity beside the store, where no restore undoes it.
	ledger bool
	// pageBytes asks for small pages; 0 leaves the size to the server.
	pageBytes int
	// groupMs is how long the server gathers calls before it commits them together.
	groupMs int64
	// paceMs is the mean time between two steps.
	paceMs int64
	// days is how long a quiet time follows the script, in which phones lie in drawers; 0 for none.
	days int
	// often says of each kind of fault how often it happens: once in so many chances; 0 or absent for never.
	often map[Fault]int
	// busyIn is how often owners work while their phone's call is on its way: once in so many; 0 for never.
	busyIn int
	// lookIn is how often a phone's screen is audited: after one in so many steps.
	lookIn int
}

const (
	// crowdPhones is the size of the largest team: a street with all its helpers.
	crowdPhones = 200
	// crowdIn says that one in so many seeds has a crowd, which costs as much as a dozen others.
	crowdIn = 150
	// sqliteIn says that one in so many seeds runs on a real file.
	sqliteIn = 10
	// tinyPageBytes asks for pages of one record.
	tinyPageBytes = 1
	// smallBatchMost is the largest of the small batches: what a worker writes between two syncs is several of them.
	smallBatchMost = 4
)

// faultRates are the kinds with how often they happen when they happen at all: once in so many chances at least and at most.
var faultRates = []struct {
	kind        Fault
	least, most int64
}{
	{Drop, 4, 40}, {Delay, 4, 40}, {Duplicate, 4, 40}, {Reorder, 6, 40}, {Cut, 4, 30}, {Twins, 6, 40}, {Together, 1, 1},
	{TinyPages, 1, 3}, {Kill, 1, 4}, {KillInCommit, 1, 4}, {OldBackup, 2, 6}, {Clone, 2, 6}, {PhoneLost, 6, 12}, {DiskFails, 1, 4}, {DiskFull, 1, 4},
	{Skew, 1, 3}, {Jump, 1, 3}, {Backwards, 1, 4}, {Restart, 1, 4}, {StoreConflict, 5, 40},
	{StoreFails, 5, 40}, {StoreReads, 10, 80}, {StoreFull, 1, 4}, {PowerLoss, 1, 4}, {Restored, 1, 4}, {RestoredOlder, 1, 4}, {Undeclared, 1, 4},
	{SchemaSkew, 1, 1}, {Poison, 1, 4}, {Oversized, 1, 4}, {Forged, 1, 4}, {Moved, 1, 2}, {Narrowed, 1, 3}, {Widened, 1, 3},
	{Regranted, 1, 3}, {Withdrawn, 2, 5}, {GivenBack, 1, 2}, {RoleRaised, 2, 5}, {DeviceGone, 4, 12},
	{SmallBatches, 1, 2},
	{Sealed, 1, 1}, {Recused, 1, 1}, {HandedOver, 1, 1}, {Erased, 1, 1}, {Voided, 1, 1}, {Imported, 1, 1}, {Fed, 1, 1},
}

// drawWeather draws a seed's weather. Every kind of fault is absent in four of ten seeds, so that each is also met without
// the others.
func drawWeather(seed uint64, without kinds) *weather {
	d := diceFor(seed, "weather", 0)
	w := &weather{
		phones: int(d.between(3, 8)), steps: int(d.between(80, 220)), grids: int(d.between(3, 5)),
		sqlite: d.oneIn(sqliteIn), groupMs: pick(d, []int64{0, 5, 40, 400}), paceMs: pick(d, []int64{2_000, 15_000, 90_000}),
		often: map[Fault]int{}, lookIn: int(d.between(4, 12)), busyIn: drawBusy(seed),
	}
	if w.crowd = d.oneIn(crowdIn); w.crowd {
		w.phones, w.steps, w.sqlite, w.groupMs = crowdPhones, crowdPhones*2, false, 400
	}
	w.ledger, w.servers = d.IntN(3) > 0, drawServers(seed, without)
	if !w.crowd {
		w.days = drawDays(seed, without)
	}
	for _, rate := range faultRates {
		n := int(d.between(rate.least, rate.most))
		if d.IntN(10) < 6 && !without[rate.kind] {
			w.often[rate.kind] = n
		}
	}
	if w.often[TinyPages] == 1 {
		w.pageBytes = tinyPageBytes
	}
	return w
}

// strikes reports that a fault happens at this chance.
func (w *weather) strikes(d dice, kind Fault) bool { return d.oneIn(w.often[kind]) }
