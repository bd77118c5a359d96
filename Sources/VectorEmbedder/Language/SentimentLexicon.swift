/// Polarity and intensity of English words, from the lexicon that Tom De Smedt and Walter Daelemans gave to the
/// public domain (PDDL) with Pattern and TextBlob; each word is the mean of its senses.
enum SentimentLexicon {
  struct Entry: Equatable {
    /// −1…1.
    var polarity: Double
    /// What the next word is multiplied by.
    var intensity: Double
  }

  /// Every word of the two tables.
  static let entries: [String: Entry] = {
    var entries: [String: Entry] = [:]
    for (word, value) in pairs(polarities) { entries[word, default: neutral].polarity = value }
    for (word, value) in pairs(intensities) { entries[word, default: neutral].intensity = value }
    return entries
  }()

  private static let neutral = Entry(polarity: 0, intensity: 1)

  /// Each line is a value and the words that have it.
  private static func pairs(_ table: String) -> [(word: String, value: Double)] {
    table.split(separator: "\n").flatMap { line -> [(word: String, value: Double)] in
      let fields = line.split(separator: " ")
      guard let first = fields.first, let value = Double(first) else { return [] }
      return fields.dropFirst().map { (String($0), value) }
    }
  }

  private static let polarities = """
    -1 awful bleak boring cruel devastating disgusted disgusting dreadful evil grim gruesome horrible
    -1 horrific hysterical insane insulting menacing miserable nasty outrageous pathetic ruthless shocking
    -1 terrible terrifying vicious worst
    -0.9 cruddy fearful frigid hated horrifying inhumane outraged repellent retard retards sickening
    -0.88 brutal
    -0.83 deadly
    -0.8 annoying appalled base blech bloody crap debauched doubtful egoistic filthy grief grievous hate
    -0.8 idiot idiots imbecile inapposite malevolent moron morons rancorous rank retarded stupid
    -0.8 unappetizing violent worthless
    -0.75 angered claustrophobic disappointed tragic
    -0.73 uncivil
    -0.71 sick
    -0.7 abhorrent anger atrocious bad barbarian crude disastrous frustrated grr grrr grrrr merciless
    -0.7 painful shocked ugly unchaste vulgar
    -0.67 idiotic impossible
    -0.65 discourteous unintelligent unpleasant
    -0.62 mad
    -0.6 afraid aghast agitative artificial awkward battleful blasted bloodstained chicken chilly cold
    -0.6 corruptible crazy cutting cynical dangerous deplorable depressing desperate destructive dim-witted
    -0.6 dirty disappointing disappointment diseased distraught fiendish fucked fucking grandiloquent
    -0.6 grudging haphazard hapless inconvenient inexplicable infuriating meager muggy numb prolix scathing
    -0.6 stabbing stinks stupidity subnormal suffers tasteless unbefitting undignified unfaithful unfruitful
    -0.6 unhappy unpropitious
    -0.57 measly
    -0.55 deadpan gawky grotesque indecipherable
    -0.5 absurd angry ascetic ashen assumptive aweary blatant blind bloodthirsty bored brainsick calculable
    -0.5 careless casual cheesy chilling churning collectible complicated contrived corpulent corrupt creepy
    -0.5 dazed didactic difficult distasteful disturbing dowdy drunk duhhh duhhhh duuuh eerie effing
    -0.5 erroneous exaggerated expensive fail failed fails faint fake feeble flashy flawed forgettable
    -0.5 frightening frostbitten goody-goody gory gratuitous guilty honest-to-god ill illegal inauspicious
    -0.5 incurable inexpedient infamous insecure irrelevant jackass jackasses lame laughable lousy
    -0.5 meaningless mediocre mere nameless needless nostalgic obsessed offbeat over-the-top pleonastic
    -0.5 powerless psychotic questionable random raunchy sad scarey scary selfish shy silly simplistic
    -0.5 sinister skeptical sorry stale startling stereotypical stinker suffocating tedious tiresome
    -0.5 troubled twisted unable unashamed uncomfortable uncut unfair unfortunate unilateral uninspired
    -0.5 unlikely unrealistic unsettling useless vague vulnerable wary weird whimsical wrong wtf yaaawwnnnn
    -0.47 addled maladroit
    -0.43 dramatic
    -0.42 sloppy
    -0.4 addicted alas algid amateurish annoyed approximate behind bootleg broken cacophonous caustic
    -0.4 cheesiest confused contestable criminal decreased defenseless deficient dusty exhausted exhausting
    -0.4 extinct false farce farcical frustrating fuck game gluey godforsaken impassive implicated infantile
    -0.4 inflexible irritating nauseated nerve-racking outdated overexcited peevish poor rip-off secret
    -0.4 shrieky shrill terminally thin tired unappealing unfocused ungraded unhealthy unimportant
    -0.4 unnecessary unplayable unstirred worse
    -0.39 tough
    -0.38 dumb incompetent weak
    -0.35 appalling arduous
    -0.33 ridiculous serious shaky shallow subtle tense
    -0.32 failure
    -0.31 mean
    -0.3 alienating badness banal clumsy common complained complaint complex confusing coriaceous delicate
    -0.3 dishonest duh edgy exploitative fanatic forced icky idiocy insultingly late least loses melodrama
    -0.3 moralizing naive negative pinheads placid plodding pretentious prissy profitering raucous
    -0.3 regurgitates rude scum secondary shoddy slow soured strutting sucker suckers sucks thick ugliness
    -0.3 undeserved untraceable vapid wonky
    -0.29 dull hard
    -0.25 aeriform alcoholic alien amateur anxious excessive juvenile lazy ordinary overboard past pointless
    -0.25 repetitive sentimental shady slick small unbelievable usual
    -0.24 parade
    -0.23 raw sermon
    -0.22 tame
    -0.21 plain stiff
    -0.2 autistic bogged boundless brash bravado childish chitchat choppy cloud-covered cocky cozy crying
    -0.2 dead destroy destroying dialectal diaphanous diffident disabled disliked dried dudsville everyday
    -0.2 fatty few firm fluffy frustratingly gimmicky green harsh heavy hindered hit-and-miss humble
    -0.2 impatient imperceptible incoherent infatuated isn't killed leaden limp long-winded losers
    -0.2 mediocrity messy mindless misfire misplaced missing narrow oozes orthodox platitudes plod preachy
    -0.2 predictable redundant rightist round sham shapeless shit showery sophomoric stark trapped trouble
    -0.2 uncared-for unengaging uneven unnoticed unoriginal unschooled wan waste wasted wastes
    -0.19 little
    -0.18 tight
    -0.17 black bland half hidden less mundane odd previous slight subject typical unpredictable
    -0.16 down sour
    -0.15 average bass dark mess naughty pale ruins
    -0.14 conventional
    -0.13 active cow gloom imitation
    -0.12 abrupt due endless extreme foreign other sharp
    -0.1 adversative aged alarming alleged allusions aphonic arbitrary askew bitter boilerplate can't
    -0.1 careful ceaseless center closed cluelessness coma commercialism contingent crushed curious
    -0.1 defecates devoid disbelieving dispossessed distant drag drowned dulls empty excruciatingly expected
    -0.1 feverish fluff forgetful full-bodied furtive harder icy immanent inarticulate inconsistencies
    -0.1 ineluctable inexperienced intelligentsia jail jammed liable lifelong lonely mental military minimal
    -0.1 minus monosyllabic partial peppery pink pity propaganda regrets remote robotic rohypnol rough
    -0.1 roughage sec secondhand seriously shouldn't sinks slipping soft-boiled spent spoof stereotyped
    -0.1 swill toneless tries two-dimensional ugly-duckling unanswered unbranded uncooked unfortunately
    -0.1 unknown unprocessed urinates wet whaddupwitdat wide won't yarn
    -0.08 loose polar victim
    -0.07 characteristic depress dry hollow limited putative single
    -0.05 arrest cardiac changeless gargantuan grey leftist long minor monkey muzak obstacles passionate
    -0.05 perpetually rehash sadism seizures sixth-grade strange stretched stumble unaffected unexplained
    -0.05 unthinkable well-intentioned
    -0.03 excuse flat toilet
    -0.01 absence vacuum
    0.03 full-length social
    0.05 apparent bare ceremonial exuberant general inexpressible
    0.06 broad major
    0.08 profound
    0.1 abridged across-the-board action acuate adamant adjectival adult aired alive amatory aroused balmy
    0.1 budding busy classy clear cloudless complete conceivable concise conscious considerable cultural
    0.1 developed dim direct early empirical enigmatic epic erudite experimental far fiftieth fixed frequent
    0.1 gettable identifiable linguistic literary loud lush manque marked masculine mature medicative modest
    0.1 multilateral natural near offers old peaky professional right-minded sarcastic seamless sensitive
    0.1 sober soft state-supported surprised titular unblemished unexpected unhesitating unread vital wild
    0.1 wow young
    0.12 vivid
    0.14 live new
    0.15 concrete normal
    0.16 high
    0.17 classic clever contemporary decent main older particular realistic steady supernatural vibrant
    0.2 absolute absorbing accomplished adoring all-around amenable appetizing appreciated attendant aureate
    0.2 beefy capable captive consecrated convex economic ethical fast gentle haha hahaha hahahaha
    0.2 hahahahaha intense intimate ironic legal legible mod modern much philosophic promising quixotic
    0.2 ready real reasonable responsible stainless straight thanks unpaid unusual very wants whole
    0.21 certain large pure smart
    0.23 positive
    0.25 ambitious avid aware comic consistent crisp educational evident exact first funny higher hot
    0.25 interested logical lyric married peaceful pretty recognizable seasoned stellar supporting surreal
    0.25 thrilling willing
    0.29 right
    0.3 absorbed ahw apportioned authoritative aww bonny calm cleanly colorful colossal come-at-able
    0.3 compelling complimentary distinct economical elementary enlightening exciting fresh fringy fun
    0.3 gamechanger golden intellectual intriguing laugh lifelike mesmerizing powerful proves rare smile
    0.3 solicitous success unblinking uncontroversial useful vocational wins worth
    0.33 adequate artistic bold extraordinary loyal lucky mild pregnant quick super tremendous worthy
    0.35 celebrated cool full sweet true
    0.36 special
    0.37 clean
    0.38 accessible excited familiar friendly original poetic rich significant straightforward unique
    0.4 accurate advanced applicative apposite attention-getting attentive autonomous available awww bang-up
    0.4 bizarre cheap cheerful civilized comfortable comprehensible confirmed crafty credible crushing
    0.4 detailed ecological engaging enjoy fabulous fantastic far-out filled fit flippant fortunate free
    0.4 genuine guarded huge important incomparable indispensable justified licentious light mighty
    0.4 naturalistic nonviolent obedient open-minded perplexed precise primary relevant risk-free secure
    0.4 smooth sound sprightly steadfast superfine thought-provoking thoughtful unadulterated unsalted
    0.4 well-off youngish
    0.42 fine gay
    0.43 easy strong
    0.45 becoming
    0.5 able acquainted adorable adventurous advertent agile airheaded alleviated appealing appropriate
    0.5 astonishing authentic awwww believable better captivating challenging charismatic coherent comical
    0.5 competent confident convincing creative cute elaborate elegant endearing energetic enjoyable enjoyed
    0.5 enjoying entertaining exotic famous favorite fitting forcible gifted glad goofy grand greater
    0.5 gripping handsome healthy hilarious humorous iconic incorruptible ingenious innocent innovative
    0.5 inspirational inspiring interesting inventive latest lenient light-hearted likable lovable love
    0.5 lovely magic magical mannerly many meaningful memorable mind-boggling more most notable ok okay
    0.5 outstanding overwhelming phenomenal pivotal plausible pleased potent precious prominent redeeming
    0.5 refreshing reputable respectable respectful rewarding riveting safe satisfied satisfying sexual sexy
    0.5 sincere skilled sophisticated spirited static striking stunning stylish supportive sure sympathetic
    0.5 top touching truthful unexcelled wacky wealthy winning witty workmanlike worthwhile
    0.55 astute controversial suitable
    0.6 abundant acute adept affirmative amazing amusing appreciative apt astounding candid catching
    0.6 charitable courteous deft deluxe deserving effective engrossing enthusiastic fine-looking
    0.6 first-string full-fledged handy hazardous honest imaginative kind liked lmao loving motley nice
    0.6 noble own popular redoubtable resourceful rose satisyfing smiled spectacular spontaneous thrilled
    0.6 tidy trendy unhampered unprecedented warm well-advised
    0.65 affluent
    0.67 exceptional lively sensational
    0.7 applaudable beloved bewitching bright charming cheery delighted erotic exhilarating fabled fair
    0.7 fascinating felicitous good gorgeous happiness heroic laughed loved mouth-watering optimum skittish
    0.7 succeeds superior surprising talented wise
    0.73 pleasant
    0.75 dazzling impeccable remarkable successful
    0.8 affable attractive brave elect experienced expressive favored fly great happy intelligent joy lol
    0.8 lolol proud rofl uncommon unforgettable welcome win
    0.83 splendid
    0.85 beautiful
    0.9 artesian brilliant cast-iron cushy dainty ideal incredible
    0.95 consummate
    1 awesome best breathtaking delicious delightful excellent exquisite faultless flawless greatest
    1 impressed impressive legendary magnificent marvelous masterful perfect priceless superb top-notch
    1 wonderful
    """

  private static let intensities = """
    1.2 frustratingly
    1.3 excruciatingly very
    1.5 real
    2 definitely especially really seriously
    """
}
