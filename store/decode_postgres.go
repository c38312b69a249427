package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm/schema"

	"recado/models"
)

// decoder puts a value that is not NULL, as it is on the wire, into a row.
type decoder func(raw []byte, row reflect.Value) error

// columnsFor are the decoders of a result's columns, nil for those that the model
// has no field for.
func columnsFor(ctx context.Context, table *schema.Schema, rows pgx.Rows) []decoder {
	descriptions := rows.FieldDescriptions()
	columns := make([]decoder, len(descriptions))
	for i := range descriptions {
		if field := table.FieldsByDBName[descriptions[i].Name]; field != nil {
			columns[i] = decoderOf(ctx, field, &descriptions[i], rows.Conn().TypeMap())
		}
	}
	return columns
}

// decoderOf knows the types that our columns have; for others it asks pgx.
func decoderOf(ctx context.Context, field *schema.Field, column *pgconn.FieldDescription, types *pgtype.Map) decoder {
	oid, format := column.DataTypeOID, column.Format
	text := format == pgtype.TextFormatCode || oid == pgtype.TextOID || oid == pgtype.VarcharOID
	if field.Serializer != nil {
		return func(raw []byte, row reflect.Value) error {
			if text {
				return field.Serializer.Scan(ctx, field, row, string(raw))
			}
			return field.Serializer.Scan(ctx, field, row, bytes.Clone(raw))
		}
	}
	index := field.StructField.Index
	to := func(decode func(raw []byte, to reflect.Value) error) decoder {
		return func(raw []byte, row reflect.Value) error { return decode(raw, row.FieldByIndex(index)) }
	}
	of, optional := field.IndirectFieldType, field.FieldType.Kind() == reflect.Pointer
	switch binaryFormat := format == pgtype.BinaryFormatCode; {
	case text && of == reflect.TypeFor[string]():
		return to(putting(optional, decodeText))
	case text && of.Kind() == reflect.String && !optional:
		return to(func(raw []byte, to reflect.Value) error { to.SetString(string(raw)); return nil })
	case binaryFormat && oid == pgtype.UUIDOID && of == reflect.TypeFor[models.ID]():
		return to(putting(optional, decodeID))
	case binaryFormat && oid == pgtype.TimestamptzOID && of == reflect.TypeFor[time.Time]():
		return to(putting(optional, decodeTime))
	case binaryFormat && oid == pgtype.Int8OID && of == reflect.TypeFor[int]():
		return to(putting(optional, decodeInteger[int]))
	case binaryFormat && oid == pgtype.Int8OID && of == reflect.TypeFor[int64]():
		return to(putting(optional, decodeInteger[int64]))
	case binaryFormat && oid == pgtype.BoolOID && of == reflect.TypeFor[bool]():
		return to(putting(optional, decodeBool))
	case binaryFormat && oid == pgtype.ByteaOID && of.ConvertibleTo(reflect.TypeFor[[]byte]()) && !optional:
		return to(func(raw []byte, to reflect.Value) error { to.SetBytes(bytes.Clone(raw)); return nil })
	}
	return to(func(raw []byte, to reflect.Value) error { return types.Scan(oid, format, raw, to.Addr().Interface()) })
}

// putting puts a value into a field of its type, or of a pointer to it.
func putting[T any](optional bool, decode func([]byte) (T, error)) func([]byte, reflect.Value) error {
	return func(raw []byte, to reflect.Value) error {
		value, err := decode(raw)
		if err != nil {
			return err
		}
		if optional {
			to.Set(reflect.ValueOf(&value))
		} else if place, ok := reflect.TypeAssert[*T](to.Addr()); ok {
			*place = value
		}
		return nil
	}
}

var errWidth = errors.New("the value is not as wide as its type")

func decodeText(raw []byte) (string, error) { return string(raw), nil }

func decodeID(raw []byte) (models.ID, error) {
	if len(raw) != len(models.NoID) {
		return models.NoID, errWidth
	}
	return models.ID(raw), nil
}

func decodeBool(raw []byte) (bool, error) {
	if len(raw) != 1 {
		return false, errWidth
	}
	return raw[0] != 0, nil
}

func decodeInteger[T int | int64](raw []byte) (T, error) {
	if len(raw) != 8 {
		return 0, errWidth
	}
	return T(binary.BigEndian.Uint64(raw)), nil
}

// epoch is what PostgreSQL counts microseconds from, in microseconds of Unix.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

func decodeTime(raw []byte) (time.Time, error) {
	since, err := decodeInteger[int64](raw)
	if err != nil {
		return time.Time{}, err
	}
	if since == math.MaxInt64 || since == math.MinInt64 {
		return time.Time{}, errors.New("the time is infinite")
	}
	return time.UnixMicro(epoch + since).UTC(), nil
}
