/**
 * Colours for code: a line at a time, into pieces of text, never into HTML. It knows what comments,
 * strings, numbers and words of a language look like, and no grammar.
 */
export type Piece = readonly [kind: "" | "s" | "n" | "b" | "dim", text: string];
/** Pieces of the next line, which together are that line. */
export type Lexer = (line: string) => Piece[];

const WORDS =
  "and as assert async await break case catch class const continue def default defer del delete do elif else enum except export extends extern false final finally fn for from func function global go if impl implements import in instanceof interface is lambda let local match mod mut new nil none nonlocal not null or package pass private protected pub public raise return self static struct super switch this throw true try type typeof undefined use var void where while with yield then fi done esac echo";
const SQL =
  "select from where group by order having join left right inner outer full cross on as and or not null is in between like insert into values update set delete create table view index drop alter add limit offset distinct case when then else end union all with over partition exists true false asc desc count sum avg min max";

interface Language {
  /** where a comment begins that ends with its line */
  line: string;
  /** where longer texts begin, by how they end */
  long: Record<string, string>;
  words: ReadonlySet<string>;
}

const C = { "/*": "*/" };
const set = (words: string) => new Set(words.split(" "));
const code = set(WORDS);
const HASH: Language = { line: "#", long: {}, words: code };
const PYTHON: Language = { line: "#", long: { '"""': '"""', "'''": "'''" }, words: code };
const SLASH: Language = { line: "//", long: { ...C, "`": "`" }, words: code };
const DASH: Language = { line: "--", long: C, words: set(SQL) };
const DATA: Language = { line: "", long: {}, words: set("true false null") };

const BY_NAME: Record<string, Language> = {};
const name = (names: string, language: Language) => names.split(" ").forEach((each) => (BY_NAME[each] = language));
name("python py pycon ipython py3 python3", PYTHON);
name("bash sh shell zsh console yaml yml toml r ruby rb perl make dockerfile ini elixir julia jl", HASH);
name("js javascript jsx ts typescript tsx java c cpp c++ h cs csharp go rust rs swift kotlin kt scala php dart css scss less", SLASH);
name("sql postgresql postgres mysql sqlite plsql duckdb lua haskell hs", DASH);
name("json jsonc json5 jsonl", DATA);

const NAME = /[\p{L}_$][\p{L}\p{N}_$]*/uy;
const NUMBER = /(?:0[xob][\da-f_]+|\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?)\b/iy;
const STRING = /"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?/y;

/** Longer than this, a line is no code that somebody reads. */
const LONGEST = 2000;

/** Reads the lines of a text of this language, in order; null for one that it does not know. */
export function lexer(lang: string): Lexer | null {
  const language = Object.hasOwn(BY_NAME, lang) ? BY_NAME[lang] : undefined;
  if (!language) return null;
  /** how the long text ends that the last line has left open, and what it is */
  let open: [end: string, kind: "s" | "dim"] | null = null;

  return (line) => {
    if (line.length > LONGEST) return [["", line]];
    const pieces: [Piece[0], string][] = [];
    const put = (kind: Piece[0], text: string) => {
      const last = pieces.at(-1);
      if (last?.[0] === kind) last[1] += text;
      else if (text) pieces.push([kind, text]);
    };
    let at = 0;
    const eat = (rule: RegExp): string => {
      rule.lastIndex = at;
      return rule.exec(line)?.[0] ?? "";
    };
    while (at < line.length) {
      if (open) {
        const [end, kind] = open;
        const found = line.indexOf(end, at);
        const until = found < 0 ? line.length : found + end.length;
        if (found >= 0) open = null;
        put(kind, line.slice(at, until));
        at = until;
        continue;
      }
      const begin = Object.keys(language.long).find((each) => line.startsWith(each, at));
      if (begin) {
        open = [language.long[begin] ?? "", begin === "/*" ? "dim" : "s"];
        put(open[1], begin);
        at += begin.length;
      } else if (language.line && line.startsWith(language.line, at) && !(language.line === "#" && /\S/.test(line[at - 1] ?? " "))) {
        put("dim", line.slice(at));
        at = line.length;
      } else {
        let text = eat(NAME);
        let kind: Piece[0] = language.words.has(language === DASH || /^(True|False|None)$/.test(text) ? text.toLowerCase() : text) ? "b" : "";
        if (!text && (text = eat(NUMBER))) kind = "n";
        if (!text && (text = eat(STRING))) kind = "s";
        put(kind, text || (line[at] as string));
        at += text.length || 1;
      }
    }
    return pieces;
  };
}
