package train

import (
	"fmt"
	"reflect"
	"strings"
)

// A settingList names settings and their values, in order.
type settingList []struct{ name, value string }

func (l *settingList) add(name string, value any) {
	*l = append(*l, struct{ name, value string }{name, fmt.Sprint(value)})
}

// settings lists the exported fields of an optimizer, which are its settings by the
// rule of Optimizer. Interfaces, such as the backend, and functions are left out: they
// have no value that can be compared in another process.
func settings(o Optimizer) settingList {
	var l settingList
	l.addFields("", reflect.ValueOf(o))
	return l
}

func (l *settingList) addFields(prefix string, v reflect.Value) {
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return
	}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if !field.IsExported() {
			continue
		}
		name, x := prefix+field.Name, v.Field(i)
		switch x.Kind() {
		case reflect.Interface, reflect.Func, reflect.Chan:
		case reflect.Pointer:
			if x.IsNil() {
				l.add(name, "none")
				continue
			}
			l.addFields(name+".", x)
		case reflect.Struct:
			l.addFields(name+".", x)
		default:
			l.add(name, x.Interface())
		}
	}
}

// text is the list as lines.
func (l settingList) text() string {
	var s strings.Builder
	for _, e := range l {
		fmt.Fprintf(&s, "%s %s\n", e.name, e.value)
	}
	return s.String()
}

// differs compares with the text of another list and names the first difference.
func (l settingList) differs(text string) string {
	other := map[string]string{}
	var names []string
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		other[name] = value
		names = append(names, name)
	}
	for _, e := range l {
		value, ok := other[e.name]
		if !ok {
			return fmt.Sprintf("it does not say its %s, here %s", e.name, e.value)
		}
		if value != e.value {
			return fmt.Sprintf("%s %s, not %s", e.name, quoted(value), e.value)
		}
		delete(other, e.name)
	}
	for _, name := range names {
		if value, ok := other[name]; ok {
			return fmt.Sprintf("%s %s, not known here", quoted(name), quoted(value))
		}
	}
	return ""
}
