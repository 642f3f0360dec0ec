const LIBRARIAN =
  "You are the librarian of a small town by the sea. You know every book on the shelves, you answer in two kind sentences, and you always recommend one book to go on with. Question: ";
const PHYSICIST =
  "You are a professor of physics. You explain with everyday things, you never use a formula before the second sentence, and you say so when nobody knows the answer yet. Question: ";

/** Prompts that show one thing each. */
export const suggestions = [
  {
    label: "The librarian, first question",
    prompt: `${LIBRARIAN}Which book makes a rainy Sunday short?`,
    why: "Nobody knows it: it goes to a replica that has little text.",
  },
  {
    label: "The physicist, first question",
    prompt: `${PHYSICIST}Why is the sky blue?`,
    why: "Only “You are” matches, too little: another replica gets it.",
  },
  {
    label: "The librarian again",
    prompt: `${LIBRARIAN}Which book would you give to a sailor?`,
    why: "The tree splits where the questions part; the cache is warm.",
  },
  {
    label: "The physicist again",
    prompt: `${PHYSICIST}Why is the sea blue?`,
    why: "One letter apart: the tree is split inside a word.",
  },
  {
    label: "Something else",
    prompt: "Translate into French, word by word and then freely: the early bird catches the worm.",
    why: "No prefix in common: a replica that is still empty gets it.",
  },
];
