// Entries in other languages, in both directions, and one entry in several languages.

/** An entry in another language. The headlines of its updates may be empty. */
export interface ForeignEntry {
  language: string;
  title: string;
  summary: string;
  updates: [headline: string, source: string][];
}

export const FOREIGN: Record<string, ForeignEntry> = {
  arabic: {
    language: "ar",
    title: "مباشر: النهائي 2026، دقيقة بدقيقة",
    summary: "تسعون دقيقة على ضفة النهر، وكأس في نهايتها.",
    updates: [
      ["هدف! (2–1)", "هدف! الأهلي 2–1 في الدقيقة 90+3.\n\n- الأول: محمود (12)\n- الثاني: سالم (90+3)\n\n> كان يُسمع من الجسر."],
      ["", "صافرة النهاية (2026). يحتفل الجمهور في المدرجات، ولا أحد يريد العودة إلى البيت."],
      ["", "النتيجة على [الموقع](https://example.org/score)، والتشكيلة: Able، Baker، Chan."],
    ],
  },
  hebrew: {
    language: "he",
    title: "שידור חי: ליל הבחירות 2026",
    summary: "מהתוצאות הראשונות ועד האחרונות.",
    updates: [
      ["אחוז ההצבעה: 71.3%", "הקלפיות נסגרו בשעה 22:00. ההשתתפות גבוהה מבעבר!\n\n1. צפון\n2. דרום"],
      ["", "נציג הוועדה קורא את המספרים לאט (\"סעיף 4\"), מחוז אחר מחוז."],
    ],
  },
  japanese: {
    language: "ja",
    title: "日本シリーズ第7戦 速報",
    summary: "勝った方が日本一。球場は開門前から長い列です。",
    updates: [
      ["9回裏、同点!", "二死満塁から田中が左前へ運び、**2–2の同点**。球場が揺れています。\n\n> これが野球だ。"],
      ["", "延長に入ります。投手は7人目です。".repeat(6)],
    ],
  },
  korean: {
    language: "ko",
    title: "한국시리즈 7차전 실시간 중계",
    summary: "이기는 팀이 우승합니다.",
    updates: [
      ["9회말 동점!", "2사 만루에서 김민수의 **적시타**로 2–2 동점이 됐습니다.\n\n- 안타 11개\n- 실책 1개"],
      ["", "연장전에 들어갑니다. 관중석에서 응원가가 그치지 않습니다."],
    ],
  },
  mixed: {
    language: "en",
    title: "Derby night: הפועל – الأهلي",
    summary: "Three languages, one evening.",
    updates: [
      ["Goal for הפועל (1–0)", "The referee points to the centre spot. הפועל 1–0 الأهلي."],
      ["هدف (1–1)", "تعادل! الأهلي 1–1 في الدقيقة 45+2."],
      ["שער!", "הפועל שוב מובילה, 2–1."],
      ["日本からの声", "試合を見ている日本のファンから。"],
      ["", "Half-time.\n\nاستراحة بين الشوطين.\n\nהפסקה."],
    ],
  },
};
