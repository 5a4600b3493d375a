package rentsafe

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"onedoor/internal/csvfile"
)

// RegisterShareMinPercent is how many of the largest register's buildings
// another register must have to be taken for one. Registers of two dates differ
// by a handful of buildings; since rows that are gone delete nothing, a file that
// has lost some still adds what it has, but one that has lost most of them, say
// 32 of 3,604, is cut off or another file under the register's name.
const RegisterShareMinPercent = 50

// The layout of a folder.
const (
	registerFiles   = "registrations-*.csv"
	inspectionFiles = "evaluations-*.csv"
	dayFiles        = "days/*.csv"
)

// ErrNoFeed means a folder has none of the files of the layout.
var ErrNoFeed = errors.New("no registrations-*.csv, evaluations-*.csv or days/*.csv in the folder")

// Load reads a folder. The error is [ErrNoFeed] or one of reading the folder;
// what is wrong with the content of files is in the feed.
func Load(folder fs.FS) (*Feed, error) {
	l := &loader{folder: folder, buildings: map[RSN]Building{}, inspections: map[Key]Inspection{}}
	for _, step := range []struct {
		pattern string
		read    func(files []string) error
	}{
		{registerFiles, l.readRegisters},
		{inspectionFiles, l.readInspections},
		{dayFiles, l.readDays},
	} {
		files, err := fs.Glob(folder, step.pattern)
		if err != nil {
			return nil, err
		}
		slices.Sort(files)
		l.files += len(files)
		if err := step.read(files); err != nil {
			return nil, err
		}
	}
	if l.files == 0 {
		return nil, ErrNoFeed
	}
	return l.finish(), nil
}

// loader collects a feed.
type loader struct {
	folder fs.FS
	// files counts those of the layout.
	files int
	// buildings and inspections are what stands so far, without the days.
	buildings   map[RSN]Building
	inspections map[Key]Inspection
	// feed receives days and refusals at once, the rest in finish.
	feed Feed
}

// refuse notes what was not taken.
func (l *loader) refuse(file string, line int, format string, values ...any) {
	l.feed.Refused = append(l.feed.Refused, Refused{File: file, Line: line, Why: fmt.Sprintf(format, values...)})
}

// read reads one file and refuses what it must: the whole file, then the table
// is nil, or rows that do not fit, counted in bad.
func (l *loader) read(name string, needed []string) (table *csvfile.Table, bad int, err error) {
	file, err := l.folder.Open(name)
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	table, err = csvfile.Read(file, csvfile.Options{File: name, ColumnsMin: len(needed), LooseHeader: true, Name: foldName})
	if refused, ok := errors.AsType[*csvfile.FileError](err); ok {
		l.refuse(name, refused.Line, "%s: %v", refused.Why, refused.Kind)
		return nil, 0, nil
	}
	problems, ok := errors.AsType[csvfile.Problems](err)
	if err != nil && !ok {
		return nil, 0, err
	}
	if lacking := table.Lacking(needed...); len(lacking) > 0 {
		l.refuse(name, 1, "columns are missing: %s", strings.Join(lacking, ", "))
		return nil, 0, nil
	}
	for _, problem := range problems {
		l.refuse(name, problem.Line, "%s", problem.Why)
	}
	return table, len(problems), nil
}

// readRegisters reads all registers before it takes any, because how large a
// register is can only be told from the largest.
func (l *loader) readRegisters(files []string) error {
	registers := make([]map[RSN]Building, len(files))
	largest := 0
	for i, name := range files {
		table, _, err := l.read(name, neededInRegister)
		if err != nil {
			return err
		}
		if table == nil {
			continue
		}
		registers[i] = l.register(name, table)
		largest = max(largest, len(registers[i]))
	}
	for i, register := range registers {
		if register != nil && (len(register) == 0 || len(register)*100 < largest*RegisterShareMinPercent) {
			l.refuse(files[i], 0, "%d buildings where the largest register has %d, less than %d %%: it is cut off or not the register",
				len(register), largest, RegisterShareMinPercent)
			continue
		}
		for rsn, building := range register {
			l.buildings[rsn] = building
		}
	}
	return nil
}

// register reads the rows of one register; the last of a key stands.
func (l *loader) register(name string, table *csvfile.Table) map[RSN]Building {
	register := make(map[RSN]Building, len(table.Rows))
	for _, row := range table.Rows {
		building := buildingOf(row)
		if building.RSN == "" {
			l.refuse(name, row.Line, "%s is empty: the row has no key", columnRSN)
			continue
		}
		register[building.RSN] = building
	}
	return register
}

// readInspections reads the evaluations files.
func (l *loader) readInspections(files []string) error {
	for _, name := range files {
		rows, err := l.readRows(name)
		if err != nil {
			return err
		}
		if rows == nil {
			continue
		}
		for _, inspection := range rows.Inspections {
			l.inspections[inspection.Key] = inspection
		}
	}
	return nil
}

// readDays reads the day files.
func (l *loader) readDays(files []string) error {
	for _, name := range files {
		date := strings.TrimSuffix(path.Base(name), ".csv")
		if _, err := time.Parse(time.DateOnly, date); err != nil {
			l.refuse(name, 0, "a day file is named by its date, such as 2026-07-02.csv")
			continue
		}
		day, err := l.readRows(name)
		if err != nil {
			return err
		}
		if day != nil {
			day.Date = Date(date)
			l.feed.Days = append(l.feed.Days, *day)
		}
	}
	return nil
}

// readRows reads the inspections of one file, one a key and sorted by key. The
// result is nil when the file is refused, and has no date.
func (l *loader) readRows(name string) (*Day, error) {
	table, bad, err := l.read(name, neededInInspections)
	if err != nil || table == nil {
		return nil, err
	}
	if !slices.ContainsFunc(checklist, func(item ChecklistItem) bool { return table.Has(item.Name) }) {
		l.refuse(name, 1, "none of the %d checklist columns is there: it is not a file of inspections", len(checklist))
		return nil, nil
	}
	standing := make(map[Key]Inspection, len(table.Rows))
	for _, row := range table.Rows {
		inspection, reasons := inspectionOf(name, row)
		if inspection.Key.RSN == "" || inspection.Key.Year == "" {
			l.refuse(name, row.Line, "%s or %s is empty: the row has no key", columnRSN, columnYear)
			continue
		}
		for _, why := range reasons {
			l.refuse(name, row.Line, "%s", why)
		}
		standing[inspection.Key] = inspection
	}
	return &Day{File: name, Rows: len(table.Rows) + bad, Inspections: sorted(standing)}, nil
}

// finish names the wards, adds the buildings that only inspections know, and
// sorts.
func (l *loader) finish() *Feed {
	l.feed.Inspections = sorted(l.inspections)
	l.nameWards()
	standing := Standing{buildings: l.buildings, inspections: l.inspections}
	for _, building := range standing.unregistered(l.feed.Inspections) {
		l.buildings[building.RSN] = building
	}
	for _, building := range l.buildings {
		l.feed.Buildings = append(l.feed.Buildings, building)
	}
	slices.SortFunc(l.feed.Buildings, func(a, b Building) int { return strings.Compare(string(a.RSN), string(b.RSN)) })
	return &l.feed
}

// nameWards gives registered buildings the name that inspections give their
// ward.
func (l *loader) nameWards() {
	names := map[string]string{}
	for _, inspection := range l.feed.Inspections {
		if name := inspection.Building.WardName; name != "" {
			names[inspection.Building.Ward] = name
		}
	}
	for rsn, building := range l.buildings {
		if building.WardName == "" {
			building.WardName = names[building.Ward]
			l.buildings[rsn] = building
		}
	}
}

// sorted lists inspections by key.
func sorted(standing map[Key]Inspection) []Inspection {
	list := make([]Inspection, 0, len(standing))
	for _, inspection := range standing {
		list = append(list, inspection)
	}
	slices.SortFunc(list, func(a, b Inspection) int { return a.Key.Compare(b.Key) })
	return list
}
