package adminrpc

import (
	"context"
	"slices"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/server/identity"
	"onedoor/server/store"
)

// permissions says of each call whose role may make it, for clients that show only what can be done. The calls ask the
// same functions; a test holds both to each other.
var permissions = []struct {
	may   permission
	calls []string
}{
	{anyone, []string{"Explain", "GetGrants", "GetMe", "GetQuarantined", "GetRealm", "GetRules", "ListConflicts", "ListQuarantine", "ListTeams",
		"ListTerritories", "ListTokens", "ListUsers", "LookUp", "ReadLog", "RevokeToken", "SignOut", "VoidDoor"}},
	{users, []string{"ExportCase", "ListCases", "ResolveConflict", "ShowCase", "TakeStep", "TakeTaskStep"}},
	{looksOver, []string{"GetOverview"}},
	{operators, []string{"AddUser", "AssignDoors", "CreateJoinCode", "HandOver", "ImportPremises", "ImportTerritories", "ImportUsers",
		"Invite", "MintToken", "PlanHandover", "PutTeam", "RemoveSignIn", "RevokeDevice", "RunRetention", "SetGrants", "SetRetention",
		"SetUserState"}},
	{ruleMakers, []string{"ImportRules"}},
	{overseers, []string{"ListAffected", "ListDevices", "ListSignIns", "ReadAccessLedger"}},
	{decides, []string{"RejectQuarantined", "ReleaseQuarantined"}},
	{answersResidents, []string{"Access", "Correct", "Erase", "OpenRequest", "Refuse", "SealCase"}},
	{files, []string{"FileEntry"}},
	{holds, []string{"Hold"}},
	{seesRegisters, []string{"GetRetention", "ListEntries"}},
	{seesRequests, []string{"ListRequests"}},
}

// callsOf names the calls that somebody's role may make, by name.
func callsOf(p identity.Principal) (out []string) {
	for _, row := range permissions {
		if row.may(p) {
			out = append(out, row.calls...)
		}
	}
	slices.Sort(out)
	return out
}

// GetMe tells who calls.
func (s *Service) GetMe(ctx context.Context, _ *adminv1.GetMeRequest) (*adminv1.GetMeResponse, error) {
	return answer(ctx, s, anyone, func(c *caller) (*adminv1.GetMeResponse, error) {
		out := &adminv1.GetMeResponse{May: callsOf(c.Principal)}
		if c.UserID.IsZero() {
			return out, nil
		}
		err := s.realm.View(c.ctx, func(r store.Reader) error {
			tree, err := s.realm.Tree(r)
			if err != nil {
				return err
			}
			u, err := identity.GetUser(r, c.UserID)
			if err != nil {
				return err
			}
			out.User = wireUser(tree, u)
			home, _ := tree.ByID(u.TerritoryID)
			out.TerritoryName = home.Name
			token, err := identity.GetToken(r, c.Token)
			out.SessionExpiresMs = int64(token.Expires)
			return err
		})
		return out, err
	})
}

func wireUser(tree *identity.Tree, u identity.User) *adminv1.User {
	return &adminv1.User{
		Id: u.ID[:], Name: u.Name, Role: recordv1.Role(u.Role), TerritoryCode: codeOf(tree, u.TerritoryID),
		State: adminv1.UserState(u.State), Department: u.Department,
	}
}
