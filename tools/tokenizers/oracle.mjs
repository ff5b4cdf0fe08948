// Encodes texts of many kinds with the Rust tokenizers and writes what they say.
// usage: node oracle.mjs PACKAGES OUT TESTDATA NAME=TOKENIZER.JSON…
// For each NAME, OUT/NAME/ gets tokenizer.json and ids.ndjson: {"text":…,"ids":[…]}.
// The small tokenizers of TESTDATA get the same, as OUT/small-NAME, and
// OUT/variants.ndjson is what belongs into TESTDATA: some of their texts.
import fs from 'node:fs'
import path from 'node:path'
import { createRequire } from 'node:module'

const [packages, out, testdata, ...sources] = process.argv.slice(2)
const require = createRequire(path.resolve(packages, 'package.json'))
const { Tokenizer } = require('@anush008/tokenizers')

// random is a small generator of numbers below n (mulberry32).
let state = 20261125
function random(n) {
	state = (state + 0x6d2b79f5) | 0
	let t = Math.imul(state ^ (state >>> 15), 1 | state)
	t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
	return ((t ^ (t >>> 14)) >>> 0) % n
}
const pick = list => list[random(list.length)]
const some = (n, f) => Array.from({ length: n }, f).join('')

const written = [
	'', ' ', '  ', '   ', '\n', '\n\n', '\r\n', '\r\n\r\n', '\t', ' \n', '\n ', ' \n ', '  \n\n  x', 'a\n', 'a \n b', 'a\t\tb', 'a   b', 'a    ', '    a',
	'Hello', 'hello world', ' hello world', 'Hello, world!', 'The cooling water is 18 °C warm.', 'One node has eight GPUs; we rent 3.',
	"It's, you're, we've, I'm, he'll, she'd, they't", "IT'S YOU'RE WE'VE I'M HE'LL SHE'D", "it'ſ odd, 'ſ", "'s 't 're 've 'm 'll 'd", "don''t 'll'll 'sx '", "rock'n'roll o'clock l'été", "'Re'vE'lL",
	'1', '12', '123', '1234', '12345', '1234567890123', '3.14159', '1,000,000.00', '0x1F', '٣٤٥٦٧', '१२३४५', '²³¹', 'Ⅷ', '½ cup', '①②③④', '𝟘𝟙𝟚𝟛', '1st 2nd 3rd', 'v1.2.3-rc4',
	'camelCaseWord', 'PascalCaseWord', 'HTTPServer', 'XMLHttpRequest', 'snake_case_word', 'SCREAMING_CASE', 'kebab-case-word', 'ǅungla ǈubav ǋegoš', 'ʰello ʷorld', 'ªº', 'iPhone iOS macOS', 'ABCdefGHI', 'aBcDeF',
	'func main() {\n\tfmt.Println("x", 1<<3)\n}\n', 'for (let i = 0; i < n; ++i) { a[i] += b[i] * 2; }', 'SELECT * FROM t WHERE a >= 10 AND b != \'x\';', '#include <stdio.h>\r\nint main(void) { return 0; }\r\n',
	'if x:\n    return {"a": [1, 2, 3]}\nelse:\n        pass\n', '<div class="a">&amp;</div>', 'https://example.com/a/b?c=d&e=f#g', 'user@example.com', '// comment\n/* more */', '$HOME/.cache && rm -rf -- "$x"', '\\begin{align} x^2 &= y_1 \\\\ \\end{align}',
	'!!!', '...', '…', '—–-', '!?!?', '((()))', '***bold***', '~~~', '"quoted" “quoted” «quoted»', '¿qué? ¡sí!', '///', '//\n/', '?/\r\n/x', ' ,', ' .\n', '+-*/=<>|&^%$#@', '。、！？', '$5 €6 £7 ¥8',
	'Größe, Straße, Übermut', 'naïve café résumé', 'nai\u0308ve cafe\u0301 re\u0301sume\u0301', 'Ångström A\u030angstro\u0308m \u212b', 'Tiếng Việt có dấu', 'Tie\u0302\u0301ng Vie\u0323\u0302t', 'Zażółć gęślą jaźń', 'İstanbul ıssız', 'ﬁﬂﬀ ſt', 'ΑΒΓ αβγ ς', 'Ещё немного текста', 'українська мова',
	'שלום עולם', 'שָׁלוֹם', 'مرحبا بالعالم', 'السَّلَامُ عَلَيْكُمْ', 'नमस्ते दुनिया', 'বাংলা ভাষা', 'தமிழ் மொழி', 'తెలుగు', 'ไทยไม่มีช่องว่าง', 'ភាសាខ្មែរ', 'မြန်မာ', 'ქართული ენა', 'Հայերեն', 'አማርኛ', 'བོད་སྐད་',
	'你好，世界', '今天天气很好，我们去公园散步。', '繁體中文字', 'こんにちは世界', 'カタカナとひらがな', 'ｶﾀｶﾅ ﾊﾟ', '안녕하세요 세계', '\u1112\u1161\u11ab\u1100\u1173\u11af', '𠀀𠀁𪜀', '汉字abc汉字123',
	'😀', '😀😃😄', 'a😀b', '👩‍👩‍👧‍👦', '👍🏽', '🇩🇪🇫🇷', '❤️ ❤', '☃ ☂', '1️⃣', '♞♟', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', ' 😀 😀',
	'\u00a0', 'a\u00a0b', '\u00a0a', 'a\u2003b', '\u2028x\u2029', '\u3000x\u3000', 'x\u0085y', '\u200b', 'a\u200bb', '\ufeffx', '\u1680', '\u000b\u000c', 'a \u00a0 b', '\u2009\n\u2009', ' \u0085 \u0085a', '\u180e', 'x\u202fy',
	'\u0000', 'a\u0001b\u0002', '\u007f', '\ufffd', '\ufffe', '\u{10ffff}', '\u{f0000}', '\u0301', '\u0301abc', ' \u0301', 'A\u0301B\u0301c\u0301', '1\u0301', '!\u0301\u0302', 'e\u0301\u0323\u0302', 'e\u0323\u0301', '\u0344', '\u0958', '\u2126 \u212a', '\u1e9b\u0323', 'क\u093c', '\uac00\u11a8', '豈 更 \uf900', '\u{1d15e}', '\u{2f800}',
	'<|endoftext|>', '<|im_start|>user\nhi<|im_end|>\n', '<|im_start|', 'a<|endoftext|>b', ' <|endoftext|> ', '<think>\nhm\n</think>', '<tool_call>{"a":1}</tool_call>', '<|begin_of_text|><|eot_id|>', '<|start|>assistant<|channel|>final<|message|>x<|return|>', '<bos><eos><unk>', '<s> </s>', '[INST] hi [/INST]', '<start_of_turn>user\n<end_of_turn>', '<pad><mask>', '<0x0A><0xFF>', '<｜begin▁of▁sentence｜>hi<｜end▁of▁sentence｜>', '<|IM_START|>', '<| im_end |>', '<<|im_end|>>', '<|fim_prefix|><|vision_start|>', '<unused7>', '<table><tr><td></td></tr></table>',
	'▁', '▁▁', 'a▁b', '▁a', ' ▁ ', 'Ġ', 'ĠĠa', 'Ċ', 'Ġthe', 'âĢĻ',
	'AAAA日', '日AAAA', '日A日AAA', 'aAAAAaA', 'ÀÉÎ àéî', 'ЁЖ ёж', 'ʼn', 'ŉ', 'ß ẞ', 'Dž dž',
	'[TAG]', ' [TAG] ', 'x[TAG]y', '  [TAG]  x', '[LEFT] a  [LEFT]a', 'a[RIGHT]   b', '[RIGHT]\n\n[RIGHT]', 'word words sword word', 'WORD Word word', 'word_ word1 word-word', 'wordé éword', 'yes Yes YES yes', 'ab abc abcd', 'abcabcd', '[[TAG]]', '[TAG][TAG] [TAG]', '[LEFT][LEFT]', ' \u00a0[LEFT]\u2003[RIGHT]\u2003x', 'word\u0301 word\u200d word',
]

// runs are long repetitions, which must not take quadratic time.
const runs = ['a', 'A', ' ', '\n', '\t', ' \n', '1', '!', '-', '=', '/', 'ab', 'Ab', '日', 'é', 'e\u0301', '😀', '\u00a0', 'the', 'the ', '▁', "'s", '<|im_end|>', '[TAG]'].flatMap(s => [3, 16, 31, 64, 65, 200, 3000].map(n => s.repeat(n)))
runs.push('e' + '\u0301'.repeat(10), 'a' + '\u0301'.repeat(40), 'a' + '\u0323\u0301'.repeat(40), '\u0301'.repeat(100), 'x' + some(64, () => String.fromCodePoint(0x300 + random(0x70))), 'é' + '\u0327'.repeat(35) + 'z')

const ranges = [[0x20, 0x7e], [0x20, 0x7e], [0xa0, 0x24f], [0x250, 0x36f], [0x370, 0x52f], [0x590, 0x6ff], [0x900, 0xdff], [0xe00, 0x11ff], [0x1e00, 0x20cf], [0x2100, 0x2bff], [0x3000, 0x33ff], [0x4e00, 0x9fff], [0xac00, 0xd7a3], [0xf900, 0xffef], [0x10000, 0x107ff], [0x1d100, 0x1d7ff], [0x1f300, 0x1faff], [0x20000, 0x2a6df]]
function character() {
	const [low, high] = pick(ranges)
	return String.fromCodePoint(low + random(high - low + 1))
}
const parts = [...written.filter(s => s !== '' && s.length < 12), ' ', ' ', ' ', ' ', '\n', '  ']
const words = 'the of and to in is that it for was on are with as they be at one have this from or had by word but what some we can out other were all your when up use how said an each she which do their time if will way about many then them write would like so these her long make thing see him two has look more day could go come did number sound no most people my over know water than call first who may down side been now find'.split(' ')

const texts = [...written, ...runs]
for (let i = 0; i < 150; i++) texts.push(some(1 + random(40), character))
for (let i = 0; i < 100; i++) texts.push(some(1 + random(30), () => String.fromCodePoint(pick([0x20, 0x0a, 0x0d, 0x09, 0xa0, 0x61, 0x41, 0x31, 0x2f, 0x27, 0x73, 0x301, 0x4e00, 0x2028]))))
for (let i = 0; i < 200; i++) texts.push(some(1 + random(20), () => pick(parts)))
for (let i = 0; i < 40; i++) texts.push(some(20 + random(200), () => pick(words) + pick([' ', ' ', ' ', ', ', '. ', '\n', ' '])))
for (let i = 0; i < 60; i++) {
	// every plane's assigned and unassigned characters, as some go unnoticed above
	texts.push(some(20, () => String.fromCodePoint(pick([random(0xd800), random(0xd800), 0xe000 + random(0x2000), 0x10000 + random(0x20000)]))))
}

// Characters that Unicode got late, where versions of its tables show.
for (const c of [0x897, 0x1c89, 0x1c8a, 0xa7cb, 0xa7da, 0xa7dc, 0x10d50, 0x10d70, 0x105c0, 0x2ebf0, 0x113c2, 0x10d40, 0x1ccf0, 0x1b4e, 0x1cc00, 0x1f8b2, 0x32ff, 0xa7f2, 0x10781, 0x1e030, 0x1fbf0, 0x899, 0x898, 0x8ca, 0xc3c, 0x1ac5, 0x1df6, 0x11930, 0x1f130, 0x1f150, 0x2e43, 0x16ea0, 0x61d]) {
	const s = String.fromCodePoint(c)
	texts.push(s, s + s, `a${s}b`, `A${s}\u0301`, `e\u0301${s}\u0323 ${s}1`, `\u{11935}${s}!${s}?`)
}

// encode says what the Rust tokenizers make of the texts.
async function encode(tokenizer, texts) {
	const rust = Tokenizer.fromString(JSON.stringify({ ...tokenizer, truncation: null, padding: null }))
	const lines = []
	for (const text of texts) {
		const encoding = await rust.encode(text, null, { addSpecialTokens: false })
		lines.push({ text, ids: Array.from(encoding.getIds()) })
	}
	return lines
}

const ndjson = list => list.map(x => JSON.stringify(x) + '\n').join('')

async function write(name, json) {
	const dir = path.join(out, name)
	fs.mkdirSync(dir, { recursive: true })
	fs.writeFileSync(path.join(dir, 'tokenizer.json'), json)
	fs.writeFileSync(path.join(dir, 'ids.ndjson'), ndjson(await encode(JSON.parse(json), texts)))
}

for (const source of sources) {
	const [name, file] = source.split('=')
	await write(name, fs.readFileSync(file, 'utf8'))
}

// The small ones: a model, with changes, and the other parts.
const read = name => JSON.parse(fs.readFileSync(path.join(testdata, name), 'utf8'))
const models = read('models.json')
const golden = []
for (const [name, v] of Object.entries(read('variants.json'))) {
	const tokenizer = {
		version: '1.0', added_tokens: v.added_tokens, normalizer: v.normalizer, pre_tokenizer: v.pre_tokenizer,
		post_processor: null, decoder: null, model: { ...models[v.model], ...v.change },
	}
	await write('small-' + name, JSON.stringify(tokenizer))
	for (const { text, ids } of await encode(tokenizer, read('texts.json'))) golden.push({ name, text, ids })
}
fs.writeFileSync(path.join(out, 'variants.ndjson'), ndjson(golden))
console.log(`${texts.length} texts`)
