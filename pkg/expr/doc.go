// Package expr is the language of filters over records and of objectives for
// metrics: conditions such as
//
//	took > 2s and model =~ "llama" and not gpu.throttled
//	ttft.p99 < 200ms and errors < 0.1%
//
// # Values
//
// A number may have a unit, with or without a space before it; the value is in
// the base unit, which is what records and metrics are in:
//
//	time         s  ms  us  µs  ns  min  h              seconds
//	power        W  mW  kW  MW                          watts
//	energy       J  mJ  kJ  MJ  Wh  kWh                 joules
//	size         B  kB  KB  MB  GB  TB  KiB  MiB  GiB  TiB  bytes
//	frequency    Hz  kHz  MHz  GHz                      hertz
//	temperature  °C  C                                  degrees Celsius
//	share        %                                      0.01
//	count        token  tokens  request  requests  req
//
// What it is by follows at once after a slash: 40mJ/token, 12J/request, 50MB/s,
// 30tokens/s/user. It says what the number is compared with and, save for times
// (600requests/min is 10 a second), does not change it. To divide by a key of
// that name, put a space before the slash.
//
// Strings stand in single or double quotes. A backslash in them stands for
// itself, save before a backslash or the closing quote, which it makes a part of
// the string. Then there are true and false.
//
// # Names
//
// A name is a path of keys with dots between: took, tokens.out, error.class,
// ttft.p99. A key that is no plain word is quoted: labels."k8s.io/name".
//
// # Operators, from those that bind least
//
//	or  ||
//	and  &&
//	not  !
//	<  <=  >  >=  ==  =  !=      numbers by size, strings by their bytes
//	=~  !~                       contains a match of a pattern (RE2)
//	in (a, b)   not in (a, b)    is one of
//	+  -
//	*  /
//	-  has(name)  ( )
//
// A name alone is true if its value is true. has(name) tells whether there is a
// value. A comparison of a number with a string is false, and true with != and
// not in.
//
// # What is absent
//
// Any comparison with something absent is false, != included. Whoever evaluates
// also learns which absent name the result hangs on, so that an objective for
// what was not measured is not met, even under a not.
//
// # Changes
//
// A change is a name and by how much it may grow (+) or shrink (-), as a share
// of what it was or in a unit: ttft.p50 +5%, output_token_throughput.avg -3%,
// request_latency.p99 +20ms.
package expr
