package schema

import (
	"google.golang.org/protobuf/reflect/protoreflect"

	"onedoor/syncengine"
)

// A schema grows: each version has the kinds and fields of those before it, and more. Newer software knows what older had, so
// that it can serve a realm as older does until all servers are newer.

// Oldest is the oldest version that this software can serve a realm at. What came up to it does not say since when it is
// there.
const Oldest uint32 = 4

// since gives the version that brought a kind or field, from its rules; 0 for what was there in the oldest.
func since(told uint32, of protoreflect.FullName) uint32 {
	assert(told == 0 || told > Oldest && told <= Version, "%s is there since version %d: versions %d to %d say so", of, told, Oldest+1, Version)
	return told
}

// Oldest is the oldest version that At gives.
func (s *Schema) Oldest() uint32 { return s.oldest }

// At gives the schema as it was in an earlier version, without what came later, so that newer software reads and writes a realm
// as older does; the schema itself from its own version on, and the oldest one for those before.
func (s *Schema) At(version uint32) *Schema {
	version = max(version, s.oldest)
	if version >= s.Engine.Version {
		return s
	}
	out := s.blank(version)
	for _, k := range s.Kinds {
		if k.since <= version {
			out.take(k.with(func(f *Field) *Field {
				if f.since > version {
					return nil
				}
				return f
			}))
		}
	}
	out.Access = newAccess(out)
	return out
}

// Introducing gives the schema of software whose newest version brings a field. Tests and the simulator let it meet older
// software, which has what At gives for the version before.
func (s *Schema) Introducing(kind, field string) *Schema {
	out := s.with(kind, s.Engine.Version, func(f *Field) *Field {
		if f.Name != field {
			return f
		}
		late := *f
		late.since = s.Engine.Version
		return &late
	})
	out.oldest = min(s.oldest, s.Engine.Version-1)
	return out
}

// Without gives the schema as software that does not know a field yet would
// have it, with the version before. Tests and the simulator let old and new
// software meet with it.
func (s *Schema) Without(kind, field string) *Schema {
	return s.Introducing(kind, field).At(s.Engine.Version - 1)
}

// WithField gives the schema with one field of a kind handled otherwise, in the
// same version. The simulator lets a server with a fault meet changes with it.
func (s *Schema) WithField(kind, field string, change func(*syncengine.Field)) *Schema {
	return s.with(kind, s.Engine.Version, func(f *Field) *Field {
		if f.Name != field {
			return f
		}
		changed, engine := *f, *f.Engine
		changed.Engine = &engine
		change(&engine)
		return &changed
	})
}

// with gives the schema with the fields of one kind as they are wanted; nil leaves one out.
func (s *Schema) with(kind string, version uint32, want func(*Field) *Field) *Schema {
	out := s.blank(version)
	for _, k := range s.Kinds {
		if k.Name == kind {
			k = k.with(want)
		}
		out.take(k)
	}
	out.Access = newAccess(out)
	return out
}

// blank gives a schema of a version without kinds.
func (s *Schema) blank(version uint32) *Schema {
	return &Schema{
		Engine:   &syncengine.Schema{Version: version, Kinds: map[syncengine.KindNumber]*syncengine.Kind{}},
		byNumber: map[syncengine.KindNumber]*Kind{}, oldest: s.oldest,
	}
}

// take adds a kind, in the order of their numbers.
func (s *Schema) take(k *Kind) {
	s.Kinds = append(s.Kinds, k)
	s.byNumber[k.Number] = k
	s.Engine.Kinds[k.Number] = k.Engine
}

func (k *Kind) with(want func(*Field) *Field) *Kind {
	old, engine := *k, *k.Engine
	old.Engine, old.byNumber, old.Fields = &engine, map[syncengine.FieldNumber]*Field{}, nil
	engine.Fields, engine.ScopeFields = map[syncengine.FieldNumber]*syncengine.Field{}, nil
	for _, f := range k.Fields {
		if f = want(f); f == nil {
			continue
		}
		old.Fields = append(old.Fields, f)
		old.byNumber[f.Engine.Number], engine.Fields[f.Engine.Number] = f, f.Engine
		if f.Engine.Scope != syncengine.NoScope {
			engine.ScopeFields = append(engine.ScopeFields, f.Engine)
		}
	}
	return &old
}
