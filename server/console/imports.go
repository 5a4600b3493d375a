package console

import (
	"io"
	"net/http"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	cases "onedoor/domain/casework"
)

// uploadBytesMax bounds the form with a file: the largest file that the calls take, and the form around it.
const uploadBytesMax = 33 << 20

// uploadMemory is how much of a form with a file is held in memory; the rest lies in a temporary file.
const uploadMemory = 4 << 20

// bodyMax is how large the body of a request may be.
func bodyMax(r *http.Request) int64 {
	switch r.URL.Path {
	case "/imports":
		return uploadBytesMax
	case "/rules":
		return formBytesMax + cases.RulebookBytesMax
	}
	return formBytesMax
}

// importResult is what came of a file.
type importResult struct {
	File     string
	DryRun   bool
	Counts   []fact
	Problems *adminv1.ImportProblems
}

type importsData struct {
	Result *importResult
	What   string
}

// importsPage asks for a file.
func (v *visit) importsPage() error {
	if !v.may("ImportPremises") {
		return &problem{status: http.StatusForbidden, ZH: "导入由系统管理员办理。", EN: "Imports are made by the operator."}
	}
	return v.showPage("imports", v.importsView(&importsData{What: "premises"}))
}

func (v *visit) importsView(d *importsData) *view {
	return &view{Title: v.lang.pick("导入", "Imports"), Section: "/imports", Data: d}
}

// importFile checks a file, or imports it.
func (v *visit) importFile() error {
	if err := v.r.ParseMultipartForm(uploadMemory); err != nil {
		return v.showAgain(refused("文件没有收到，或太大（最多32 MiB）。", "No file came, or it is too large (at most 32 MiB)."), "imports", v.importsView(&importsData{}))
	}
	defer func() { _ = v.r.MultipartForm.RemoveAll() }() // What is left is the system's to remove.
	d := &importsData{What: v.form("what")}
	file, head, err := v.r.FormFile("file")
	if err != nil {
		return v.showAgain(refused("请选择文件。", "Choose a file."), "imports", v.importsView(d))
	}
	defer func() { _ = file.Close() }() // It was read only.
	options := &adminv1.ImportOptions{FileName: head.Filename, DryRun: v.form("act") != "do"}
	if d.Result, err = v.imported(d.What, options, file); err != nil {
		return v.showAgain(err, "imports", v.importsView(d))
	}
	d.Result.File, d.Result.DryRun = head.Filename, options.GetDryRun()
	return v.showPage("imports", v.importsView(d))
}

// imported hands a file to the call for what is in it.
func (v *visit) imported(what string, options *adminv1.ImportOptions, file io.Reader) (*importResult, error) {
	switch what {
	case "premises":
		return v.importPremises(options, file)
	case "users":
		return v.importUsers(options, file)
	case "territories":
		return v.importTerritories(options, file)
	}
	return nil, refused("请选择文件的内容。", "Choose what is in the file.")
}

func (v *visit) importPremises(options *adminv1.ImportOptions, file io.Reader) (*importResult, error) {
	type request = adminv1.ImportPremisesRequest
	first := &request{Part: &adminv1.ImportPremisesRequest_Options{Options: &adminv1.ImportPremisesOptions{Options: options, Register: v.form("register") != ""}}}
	u := &uploading[request, adminv1.ImportPremisesResponse]{ctx: named(v.ctx, first), first: first, file: file, chunk: func(b []byte) *request {
		return &request{Part: &adminv1.ImportPremisesRequest_Chunk{Chunk: b}}
	}}
	err := v.c.o.Admin.ImportPremises(u)
	return &importResult{Problems: u.out.GetProblems(), Counts: []fact{
		{v.lang.pick("行数", "rows"), number(u.out.GetRows())}, {v.lang.pick("新增", "new"), number(u.out.GetAdded())},
		{v.lang.pick("有变化", "changed"), number(u.out.GetChanged())}, {v.lang.pick("不变", "unchanged"), number(u.out.GetUnchanged())},
		{v.lang.pick("保留手机上所填", "kept from phones"), number(u.out.GetKeptValues())},
		{v.lang.pick("建议作废", "proposed for void"), number(len(u.out.GetProposedVoid()))},
	}}, err
}

func (v *visit) importUsers(options *adminv1.ImportOptions, file io.Reader) (*importResult, error) {
	type request = adminv1.ImportUsersRequest
	first := &request{Part: &adminv1.ImportUsersRequest_Options{Options: &adminv1.ImportUsersOptions{Options: options}}}
	u := &uploading[request, adminv1.ImportUsersResponse]{ctx: named(v.ctx, first), first: first, file: file, chunk: func(b []byte) *request {
		return &request{Part: &adminv1.ImportUsersRequest_Chunk{Chunk: b}}
	}}
	err := v.c.o.Admin.ImportUsers(u)
	return &importResult{Problems: u.out.GetProblems(), Counts: []fact{
		{v.lang.pick("新增", "new"), number(len(u.out.GetUsers()))}, {v.lang.pick("不变", "unchanged"), number(u.out.GetUnchanged())},
	}}, err
}

func (v *visit) importTerritories(options *adminv1.ImportOptions, file io.Reader) (*importResult, error) {
	type request = adminv1.ImportTerritoriesRequest
	first := &request{Part: &adminv1.ImportTerritoriesRequest_Options{Options: options}}
	u := &uploading[request, adminv1.ImportTerritoriesResponse]{ctx: named(v.ctx, first), first: first, file: file, chunk: func(b []byte) *request {
		return &request{Part: &adminv1.ImportTerritoriesRequest_Chunk{Chunk: b}}
	}}
	err := v.c.o.Admin.ImportTerritories(u)
	return &importResult{Problems: u.out.GetProblems(), Counts: []fact{
		{v.lang.pick("新增", "new"), number(u.out.GetAdded())}, {v.lang.pick("改名", "renamed"), number(u.out.GetChanged())},
		{v.lang.pick("不变", "unchanged"), number(u.out.GetUnchanged())}, {v.lang.pick("本县以外", "outside of the county"), number(u.out.GetSkipped())},
	}}, err
}
