//! Makes nonsense that is close to sense: seeds, changed a little, spliced, and sprinkled with what parsers stumble over.

/// Words that mean something to one of the parsers.
const WORDS: &[&str] = &[
    "\r\n",
    "\n",
    "\r",
    "\0",
    " ",
    "\t",
    ":",
    ",",
    ";",
    "0",
    "-1",
    "+1",
    "0x1",
    "ffffffffffffffff",
    "9999999999999999999",
    "Content-Length: 5\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Host: a\r\n",
    "Connection: close\r\n",
    "HTTP/1.1",
    "HTTP/1.0",
    "\r\n\r\n",
    "chunked",
    "%00",
    "%2e",
    "../",
    "\\",
    "\"",
    "'",
    "{",
    "}",
    "[",
    "]",
    "{}",
    "[]",
    "null",
    "true",
    "1e999",
    "-0",
    "\\u0000",
    "\\ud800",
    "${",
    "#set($a = 1)",
    "#foreach($x in [1..9])",
    "#end",
    "#if(",
    "$input.path('$')",
    "$.",
    "..",
    "[?(",
    "@.",
    "(?i)",
    "*",
    "+",
    "{1,9}",
    "|",
    "^",
    "AWS4-HMAC-SHA256",
    "X-Amz-Signature=",
    "alg",
    "none",
    "Ref",
    "Fn::Sub",
    "!Ref",
    "\u{feff}",
    "é",
    "\u{202e}",
];
const BYTES_MAX: usize = 8 * 1024;

/// A source of inputs that is the same for the same seed.
pub struct Generator {
    state: u64,
    seeds: Vec<Vec<u8>>,
}

impl Generator {
    /// Returns a generator over `seeds`.
    pub fn new(seed: u64, seeds: Vec<Vec<u8>>) -> Self {
        let seeds = if seeds.is_empty() { vec![Vec::new()] } else { seeds };
        Self {
            state: seed | 1,
            seeds,
        }
    }

    /// Returns a number below `bound` (xorshift64).
    fn below(&mut self, bound: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state >> 16).unwrap_or_default() % bound.max(1)
    }

    fn seed(&mut self) -> Vec<u8> {
        let index = self.below(self.seeds.len());
        self.seeds[index].clone()
    }

    /// Returns the next input.
    pub fn next_input(&mut self) -> Vec<u8> {
        let mut input = self.seed();
        for _ in 0..=self.below(5) {
            self.change(&mut input);
        }
        input.truncate(BYTES_MAX);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len() + 1);
        let end = (at + 1 + self.below(16)).min(input.len());
        match self.below(8) {
            0 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte = (self.state >> 8) as u8;
                }
            }
            1 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << (self.state % 8);
                }
            }
            2 => drop(input.drain(at..end.max(at))),
            3 => {
                let part = input[at..end.max(at)].to_vec();
                let to = self.below(input.len() + 1);
                input.splice(to..to, part);
            }
            4 => {
                let other = self.seed();
                let from = self.below(other.len() + 1);
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            5 => input.truncate(at),
            _ => {
                let word = WORDS[self.below(WORDS.len())];
                input.splice(at..at, word.bytes());
            }
        }
    }
}
