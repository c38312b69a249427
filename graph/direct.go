package graph

import (
	"context"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"recado/graph/gqlmodel"
)

// Pages are written directly where that is possible: when every field that is
// selected on them is named in directfields.go and what they refer to has been
// loaded ahead. gqlgen makes a context, some closures and a goroutine for what may
// have to wait or fail; nothing of a page does that any more. Where a selection
// goes further, gqlgen writes the whole page. The bytes are the same.

// InterceptField writes the pages that resolvers return.
func (p perResponse) InterceptField(ctx context.Context, next graphql.Resolver) (any, error) {
	result, err := next(ctx)
	if err != nil || p.indirect {
		return result, err
	}
	var text written
	var ok bool
	switch page := result.(type) {
	case *gqlmodel.ConversationConnection:
		text, ok = writeDirectly(ctx, p.Edge, conversationConnectionShape, page, len(page.Rows))
	case *gqlmodel.MessageConnection:
		text, ok = writeDirectly(ctx, p.Edge, messageConnectionShape, page, len(page.Rows))
	}
	if ok {
		return text, nil
	}
	return result, nil
}

// written is a value in JSON.
type written []byte

// MarshalGQL hands the JSON over.
func (text written) MarshalGQL(w io.Writer) { _, _ = w.Write(text) } // gqlgen's writer cannot fail

// bytesPerRow is what a row of the inbox takes, and some more.
const bytesPerRow = 400

// writeDirectly writes a page of so many rows as the present field asks for it. It
// is false if that takes gqlgen.
func writeDirectly[T any](ctx context.Context, e *Edge, shape *shape[T], page *T, rows int) (written, bool) {
	d := &direct{Edge: e, ctx: ctx, operation: graphql.GetOperationContext(ctx), loaders: loadersFrom(ctx)}
	write, ok := compile(d, shape, graphql.GetFieldContext(ctx).Field)
	if !ok {
		return nil, false
	}
	return write(make([]byte, 0, (1+rows)*bytesPerRow), page)
}

// direct is what the writers of one page know.
type direct struct {
	*Edge
	ctx       context.Context //nolint:containedctx // lives as long as the resolver's call
	operation *graphql.OperationContext
	loaders   *loaders
}

// shape is an object type of the schema, with those of its fields that can be
// written directly.
type shape[T any] struct {
	name   string
	fields map[string]planner[T]
}

// A planner looks at how a field is selected and returns what writes it, false if
// that takes gqlgen.
type planner[T any] func(d *direct, field graphql.CollectedField) (writer[T], bool)

// A writer appends an object's field as JSON, or reports false if that turns out
// to take gqlgen.
type writer[T any] func(to []byte, object *T) ([]byte, bool)

// compile returns what writes objects with the fields that are selected on them.
func compile[T any](d *direct, shape *shape[T], field graphql.CollectedField) (writer[T], bool) {
	type selected struct {
		key   string
		write writer[T]
	}
	satisfied := []string{shape.name}
	for _, abstract := range d.schema.Schema().Implements[shape.name] {
		satisfied = append(satisfied, abstract.Name)
	}
	var plan []selected
	for _, inner := range graphql.CollectFields(d.operation, field.Selections, satisfied) {
		key := strconv.Quote(inner.Alias) + ":" // a name: letters, digits and underscores
		if slices.ContainsFunc(plan, func(s selected) bool { return s.key == key }) {
			continue
		}
		planner := shape.fields[inner.Name]
		if inner.Name == "__typename" {
			planner = text(func(*T) string { return shape.name })
		}
		if planner == nil || inner.IsDeferred() {
			return nil, false
		}
		write, ok := planner(d, inner)
		if !ok {
			return nil, false
		}
		plan = append(plan, selected{key, write})
	}
	return func(to []byte, object *T) ([]byte, bool) {
		to = append(to, '{')
		for i := range plan {
			if i > 0 {
				to = append(to, ',')
			}
			var ok bool
			if to, ok = plan[i].write(append(to, plan[i].key...), object); !ok {
				return nil, false
			}
		}
		return append(to, '}'), true
	}, true
}

// scalar is a field that needs nothing but the object.
func scalar[T, V any](of func(*T) V, write func([]byte, V) []byte) planner[T] {
	return func(*direct, graphql.CollectedField) (writer[T], bool) {
		return func(to []byte, object *T) ([]byte, bool) { return write(to, of(object)), true }, true
	}
}

// orNull writes null for nil.
func orNull[V any](write func([]byte, V) []byte) func([]byte, *V) []byte {
	return func(to []byte, value *V) []byte {
		if value == nil {
			return append(to, "null"...)
		}
		return write(to, *value)
	}
}

func text[T any](of func(*T) string) planner[T]       { return scalar(of, appendText) }
func maybeText[T any](of func(*T) *string) planner[T] { return scalar(of, orNull(appendText)) }
func moment[T any](of func(*T) time.Time) planner[T]  { return scalar(of, gqlmodel.AppendDateTime) }
func maybeTime[T any](of func(*T) *time.Time) planner[T] {
	return scalar(of, orNull(gqlmodel.AppendDateTime))
}
func boolean[T any](of func(*T) bool) planner[T] { return scalar(of, strconv.AppendBool) }

func number[T any](of func(*T) int64) planner[T] {
	return scalar(of, func(to []byte, n int64) []byte { return strconv.AppendInt(to, n, 10) })
}

// object is a field that is an object itself; nil is null. It is false if it
// would have to be waited for, or is an error.
func object[T, V any](shape *shape[V], of func(*direct, *T) (*V, bool)) planner[T] {
	return func(d *direct, field graphql.CollectedField) (writer[T], bool) {
		write, ok := compile(d, shape, field)
		return func(to []byte, object *T) ([]byte, bool) {
			inner, ok := of(d, object)
			switch {
			case !ok:
				return nil, false
			case inner == nil:
				return append(to, "null"...), true
			}
			return write(to, inner)
		}, ok
	}
}

// list is a field that is a list of objects: so many, and each by its index.
func list[T, V any](shape *shape[V], count func(*T) int, at func(*T, int) *V) planner[T] {
	return func(d *direct, field graphql.CollectedField) (writer[T], bool) {
		write, ok := compile(d, shape, field)
		return func(to []byte, object *T) ([]byte, bool) {
			to = append(to, '[')
			for i := range count(object) {
				if i > 0 {
					to = append(to, ',')
				}
				var ok bool
				if to, ok = write(to, at(object, i)); !ok {
					return nil, false
				}
			}
			return append(to, ']'), true
		}, ok
	}
}

// appendText writes a string as gqlgen does.
func appendText(to []byte, text string) []byte {
	if strings.ContainsFunc(text, func(c rune) bool { return c < 0x20 || c == '\\' || c == '"' }) {
		var quoted strings.Builder
		graphql.MarshalString(text).MarshalGQL(&quoted)
		return append(to, quoted.String()...)
	}
	to = append(to, '"')
	to = append(to, text...)
	return append(to, '"')
}
