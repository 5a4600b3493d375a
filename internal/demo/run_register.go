package demo

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/handin"
	"onedoor/internal/territoryfile"
	"onedoor/server/store"
	"onedoor/syncengine"
)

const (
	// streetCode is 西安街道, the street of the scene.
	streetCode TerritoryCode = "530702001"
	// registerFile is the name under which the doors are imported; it becomes their origin.
	registerFile = "demo register.csv"
	// doorRefPrefix begins a door's own key in that file; its number in the street follows.
	doorRefPrefix = "demo-door-"
	// assignDoorsMax is how many doors one call may assign.
	assignDoorsMax = 2000
)

// Communities gives the communities of the scene's street, as the built-in territory file names them.
func Communities() ([]Community, error) {
	areas, err := territoryfile.Embedded()
	if err != nil {
		return nil, err
	}
	var out []Community
	for _, a := range areas {
		if code := TerritoryCode(a.Code); len(code) == CommunityDigits && streetCode.Contains(code) {
			out = append(out, Community{Code: code, Name: a.Name})
		}
	}
	return out, nil
}

// registering brings a street and its people into a realm, as an operator does.
type registering struct {
	*realm
	street *Street
	cast   *Cast
	names  *directory
	doors  []syncengine.ID
}

// importTerritories imports the grids and microgrids, and learns the ids of all territories of the street.
func (g *registering) importTerritories(ctx context.Context) error {
	rows := [][]string{{"code", "parent_code", "level", "name"}}
	for _, t := range g.street.Territories {
		if t.Level != LevelCommunity {
			rows = append(rows, []string{string(t.Code), string(t.Parent), string(t.Level), t.Name})
		}
	}
	type request = adminv1.ImportTerritoriesRequest
	stream, err := g.admin.ImportTerritories(g.operator(ctx))
	if err != nil {
		return err
	}
	options := &request{Part: &adminv1.ImportTerritoriesRequest_Options{Options: &adminv1.ImportOptions{FileName: "demo grids.csv"}}}
	m, err := upload(stream, options, rows, func(b []byte) *request {
		return &request{Part: &adminv1.ImportTerritoriesRequest_Chunk{Chunk: b}}
	})
	if err = errors.Join(err, handin.Refusal(m.GetProblems())); err != nil {
		return fmt.Errorf("import territories: %w", err)
	}
	return g.learnTerritories(ctx)
}

func (g *registering) learnTerritories(ctx context.Context) error {
	m, err := g.admin.ListTerritories(g.operator(ctx), &adminv1.ListTerritoriesRequest{Code: string(g.street.Code[:CountyDigits])})
	if err != nil {
		return err
	}
	for _, t := range m.GetTerritories() {
		id, _ := syncengine.IDFromBytes(t.GetId())
		g.names.territories[TerritoryCode(t.GetCode())] = id
	}
	return nil
}

// importUsers imports the people of the cast.
func (g *registering) importUsers(ctx context.Context) error {
	rows := [][]string{{"name", "role", "territory"}}
	for _, u := range g.cast.Users {
		rows = append(rows, []string{u.Name, strings.ToLower(string(u.Role)), string(u.Areas[0])})
	}
	type request = adminv1.ImportUsersRequest
	stream, err := g.admin.ImportUsers(g.operator(ctx))
	if err != nil {
		return err
	}
	options := &request{Part: &adminv1.ImportUsersRequest_Options{Options: &adminv1.ImportUsersOptions{
		Options: &adminv1.ImportOptions{FileName: "demo people.csv"},
	}}}
	m, err := upload(stream, options, rows, func(b []byte) *request {
		return &request{Part: &adminv1.ImportUsersRequest_Chunk{Chunk: b}}
	})
	if err = errors.Join(err, handin.Refusal(m.GetProblems())); err != nil {
		return fmt.Errorf("import people: %w", err)
	}
	if len(m.GetUsers()) != len(g.cast.Users) {
		return fmt.Errorf("import people: %d of %d were added", len(m.GetUsers()), len(g.cast.Users))
	}
	for _, u := range m.GetUsers() {
		id, _ := syncengine.IDFromBytes(u.GetUserId())
		g.names.users = append(g.names.users, id)
	}
	return nil
}

// foundTeams makes the 1+1+N teams.
func (g *registering) foundTeams(ctx context.Context, done func(int)) error {
	for _, t := range g.cast.Teams {
		team := &adminv1.Team{Name: g.teamName(t), OfficerId: g.user(t.Officer), GridWorkerId: g.user(t.Worker)}
		for _, h := range t.Helpers {
			team.HelperIds = append(team.HelperIds, g.user(h))
		}
		for _, grid := range t.Grids {
			team.TerritoryCodes = append(team.TerritoryCodes, string(grid))
		}
		if _, err := g.admin.PutTeam(g.operator(ctx), &adminv1.PutTeamRequest{Team: team}); err != nil {
			return fmt.Errorf("make the team %s: %w", team.GetName(), err)
		}
		done(1)
	}
	return nil
}

// teamName is the name of the team's first grid.
func (g *registering) teamName(t Team) string {
	for i := range g.street.Territories {
		if g.street.Territories[i].Code == t.Grids[0] {
			return g.street.Territories[i].Name
		}
	}
	return string(t.Grids[0])
}

func (g *registering) user(u UserIndex) []byte { return g.names.users[u][:] }

// registerColumns are the columns of the doors' file.
var registerColumns = []string{
	"external_ref", "address", "territory", "kind_of_premises", "rental_kind", "compound", "building", "stair", "floor",
	"door", "rooms", "headcount", "contact_name", "contact_phone", "grade", "lease_filed",
}

// registerRow is a door as the file has it. What cannot be counted at a door is left blank.
func registerRow(i int, p *Premises) []string {
	rooms, headcount, filed := "", "", ""
	if p.Rooms > 0 {
		rooms = strconv.Itoa(p.Rooms)
	}
	if p.Kind == KindRentalUnit {
		headcount, filed = strconv.Itoa(p.Headcount), strconv.FormatBool(p.LeaseFiled)
	}
	return []string{
		doorRef(i), p.Address, string(p.Territory), string(p.Kind), string(p.Rental), p.Key.Compound, p.Key.Building, p.Key.Stair,
		p.Key.Floor, p.Key.Door, rooms, headcount, p.Contact.Name, p.Contact.Phone, string(p.Grade), filed,
	}
}

func doorRef(i int) string { return doorRefPrefix + strconv.Itoa(i) }

// importDoors imports the register, and learns the doors' ids from the server's records.
func (g *registering) importDoors(ctx context.Context) error {
	rows := [][]string{registerColumns}
	for i := range g.street.Premises {
		rows = append(rows, registerRow(i, &g.street.Premises[i]))
	}
	type request = adminv1.ImportPremisesRequest
	stream, err := g.admin.ImportPremises(g.operator(ctx))
	if err != nil {
		return err
	}
	options := &request{Part: &adminv1.ImportPremisesRequest_Options{Options: &adminv1.ImportPremisesOptions{
		Options: &adminv1.ImportOptions{FileName: registerFile},
	}}}
	m, err := upload(stream, options, rows, func(b []byte) *request {
		return &request{Part: &adminv1.ImportPremisesRequest_Chunk{Chunk: b}}
	})
	if err = errors.Join(err, handin.Refusal(m.GetProblems())); err != nil {
		return fmt.Errorf("import doors: %w", err)
	}
	return g.learnDoors(ctx)
}

// learnDoors finds the record of each door by the key that the file gave it.
func (g *registering) learnDoors(ctx context.Context) error {
	g.doors = make([]syncengine.ID, len(g.street.Premises))
	found := 0
	var failed error
	err := g.view(ctx, func(r store.Reader) error {
		return r.Records(func(row store.Record) bool {
			if row.Kind != syncengine.KindNumber(recordv1.Kind_KIND_PREMISES) {
				return true
			}
			var i int
			if i, failed = doorOfRecord(row); failed == nil && i < len(g.doors) {
				g.doors[i], found = row.ID, found+1
			}
			return failed == nil
		})
	})
	if err = errors.Join(err, failed); err == nil && found != len(g.doors) {
		err = fmt.Errorf("import doors: %d of %d are there", found, len(g.doors))
	}
	return err
}

// doorOfRecord reads which door of the register a record is.
func doorOfRecord(row store.Record) (int, error) {
	rec, err := readRecord(row)
	if err != nil {
		return 0, err
	}
	var m recordv1.Premises
	if err := proto.Unmarshal([]byte(rec.message(allClasses)), &m); err != nil {
		return 0, err
	}
	number, marked := strings.CutPrefix(m.GetExternalRef(), doorRefPrefix)
	i, err := strconv.Atoi(number)
	if !marked || err != nil {
		return 0, fmt.Errorf("record %s is no door of the register", row.ID)
	}
	return i, nil
}

// assignDoors names the officer and the worker of each door.
func (g *registering) assignDoors(ctx context.Context, done func(int)) error {
	officers, workers := map[UserIndex][][]byte{}, map[UserIndex][][]byte{}
	for i, a := range g.cast.Assignments {
		officers[a.Officer] = append(officers[a.Officer], g.doors[i][:])
		workers[a.Worker] = append(workers[a.Worker], g.doors[i][:])
	}
	for u := range g.cast.Users {
		err := errors.Join(
			g.assign(ctx, UserIndex(u), adminv1.Post_POST_OFFICER, officers[UserIndex(u)], done),
			g.assign(ctx, UserIndex(u), adminv1.Post_POST_WORKER, workers[UserIndex(u)], done))
		if err != nil {
			return fmt.Errorf("assign doors to %s: %w", g.cast.Users[u], err)
		}
	}
	return nil
}

// assign makes a user answerable for doors.
func (g *registering) assign(ctx context.Context, u UserIndex, post adminv1.Post, doors [][]byte, done func(int)) error {
	for part := range slices.Chunk(doors, assignDoorsMax) {
		_, err := g.admin.AssignDoors(g.operator(ctx), &adminv1.AssignDoorsRequest{DoorIds: part, UserId: g.user(u), Post: post})
		if err != nil {
			return err
		}
		done(len(part))
	}
	return nil
}

// upload hands a table in as CSV, and gives the server's verdict.
func upload[Q, R any](stream grpc.ClientStreamingClient[Q, R], options *Q, rows [][]string, part func([]byte) *Q) (*R, error) {
	var file bytes.Buffer
	if err := csv.NewWriter(&file).WriteAll(rows); err != nil {
		return nil, err
	}
	return handin.Send(stream, options, &file, part)
}
