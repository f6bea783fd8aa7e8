"""By which words a notice that a person wrote is recognised to tell a purpose, rights, a place to read on, a key.

Cues are written without accents in small letters; `*` stands for any letters of a word. They are looked for between
whole words only, so that "droit" is not found in "adroit".
"""

# code of purposes.PURPOSES -> language -> cues
PURPOSE_CUES: dict[str, dict[str, tuple[str, ...]]] = {
    "quality": {
        "es": ("calidad",),
        "ca": ("qualitat",),
        "eu": ("kalitate*",),
        "gl": ("calidade",),
        "en": ("quality",),
        "fr": ("qualite",),
        "de": ("*qualitat*",),
        "pt": ("qualidade",),
        "it": ("qualita",),
    },
    "proof": {
        "es": ("constancia", "prueba*", "acredit*"),
        "ca": ("constancia", "prova", "proves", "acredit*"),
        "eu": ("jasota", "froga*"),
        "gl": ("constancia", "proba", "probas", "acredit*"),
        "en": ("proof", "prove", "evidence"),
        "fr": ("preuve*", "prouver"),
        "de": ("*nachweis*", "nachzuweisen", "*beweis*"),
        "pt": ("prova", "provas", "comprov*"),
        "it": ("prova", "prove", "comprovare", "dimostrare"),
    },
    "training": {
        "es": ("formar", "formacion"),
        "ca": ("formar", "formacio"),
        "eu": ("prestatzeko", "prestakuntza*", "trebatzeko", "trebakuntza*"),
        "gl": ("formar", "formacion"),
        "en": ("train", "training"),
        "fr": ("former", "formation*"),
        "de": ("schulen", "*schulung*", "ausbild*", "auszubilden"),
        "pt": ("formar", "formacao", "treinar", "treinamento"),
        "it": ("formare", "formazione", "addestra*"),
    },
    "dispute": {
        "es": ("reclamacion*", "queja*", "disputa*", "litigio*"),
        "ca": ("reclamacio*", "queix*", "disput*", "litigi*"),
        "eu": ("kexa*", "erreklamazio*", "gatazka*"),
        "gl": ("reclamacion*", "queix*", "disput*", "litixio*"),
        "en": ("complaint*", "dispute*", "claims"),
        "fr": ("reclamation*", "litige*", "differend*"),
        "de": ("beschwerde*", "streit*", "reklamation*"),
        "pt": ("reclamac*", "queix*", "disput*", "litigio*"),
        "it": ("reclam*", "controversi*", "lite", "liti"),
    },
    "survey": {
        "es": ("encuesta*", "satisfaccion"),
        "ca": ("enquest*", "satisfaccio"),
        "eu": ("inkesta*", "gogobetetasun*"),
        "gl": ("enquisa*", "satisfaccion"),
        "en": ("survey*", "satisfaction"),
        "fr": ("enquete*", "sondage*", "satisfaction"),
        "de": ("*umfrage*", "*befragung*", "*zufriedenheit*"),
        "pt": ("inquerito*", "pesquisa*", "satisfacao"),
        "it": ("indagine", "indagini", "sondaggi*", "soddisfazione"),
    },
    "contract": {
        "es": ("contrat*",),
        "ca": ("contract*",),
        "eu": ("kontratu*", "kontratazio*"),
        "gl": ("contrat*",),
        "en": ("contract*",),
        "fr": ("contrat*",),
        "de": ("*vertrag*",),
        "pt": ("contrat*",),
        "it": ("contratt*",),
    },
    "security": {
        "es": ("seguridad",),
        "ca": ("seguretat",),
        "eu": ("segurtasun*",),
        "gl": ("seguridade",),
        "en": ("security", "safety", "protect"),
        "fr": ("securite", "surete"),
        "de": ("*sicherheit*", "schutz", "schutzen"),
        "pt": ("seguranca",),
        "it": ("sicurezza",),
    },
    "legal-duty": {
        "es": ("obligacion* legal*", "obligacion de grabar", "exige la ley", "obliga la ley", "por ley"),
        "ca": ("obligacio* legal*", "obligacio d enregistrar", "exigeix la llei", "obliga la llei", "per llei"),
        "eu": ("legezko betebehar*", "legeak agin*", "legeak behartu*", "legez"),
        "gl": ("obriga* legal*", "obrigacion* legal*", "esixe a lei", "obriga a lei", "por lei"),
        "en": ("legal dut*", "legal obligation*", "required by law", "law requires", "by law"),
        "fr": ("obligation* legale*", "loi l exige", "loi nous oblige", "exige par la loi"),
        "de": ("gesetzlich* *pflicht*", "rechtlich* *pflicht*", "gesetz verlangt", "gesetzlich vorgeschrieben"),
        "pt": ("obrigac* lega*", "exige a lei", "lei exige", "por lei"),
        "it": ("obblig* di legge", "obblig* legal*", "per legge", "legge lo impone"),
    },
    "emergency": {
        "es": ("emergencia*", "urgencia*"),
        "ca": ("emergenci*", "urgenci*"),
        "eu": ("larrialdi*",),
        "gl": ("emerxenci*", "urxenci*"),
        "en": ("emergency", "emergencies"),
        "fr": ("urgence*",),
        "de": ("notfall*", "notruf*"),
        "pt": ("emergenci*", "urgenci*"),
        "it": ("emergenz*", "urgenz*"),
    },
}

RIGHTS_CUES: dict[str, tuple[str, ...]] = {
    "es": ("derechos", "derecho a", "derecho al", "derecho de"),
    "ca": ("drets", "dret a", "dret al", "dret d", "dret de"),
    "eu": ("eskubide*",),
    "gl": ("dereitos", "dereito a", "dereito ao", "dereito de"),
    "en": ("rights", "right to", "right of"),
    "fr": ("droits", "droit a", "droit d", "droit de"),
    "de": ("rechte", "rechten", "recht auf", "*enrechte", "*enrechten", "*srechte", "*srechten"),
    "pt": ("direitos", "direito a", "direito ao", "direito de"),
    "it": ("diritti", "diritto a", "diritto di", "diritto all*"),
}

# Besides one of these, an address or a telephone number has to be there.
READ_ON_CUES: dict[str, tuple[str, ...]] = {
    "es": ("informacion", "web", "pagina", "sitio", "consult*", "detalle*", "politica", "telefono", "correo"),
    "ca": ("informacio", "web", "pagina", "lloc", "consult*", "detall*", "politica", "telefon", "correu"),
    "eu": ("informazio*", "web*", "orri*", "helbide*", "xehetasun*", "kontsulta*", "telefono*", "posta*"),
    "gl": ("informacion", "web", "paxina", "sitio", "consult*", "detalle*", "politica", "telefono", "correo"),
    "en": ("information", "web", "website", "page", "site", "details", "policy", "read", "visit", "telephone", "email"),
    "fr": ("information*", "web", "site", "page", "consult*", "detail*", "politique", "telephone", "courriel"),
    "de": ("*information*", "web*", "internet*", "seite", "unter", "datenschutz*", "einzelheiten", "telefon*", "mail"),
    "pt": ("informac*", "web", "site", "sitio", "pagina", "consult*", "detalhe*", "politica", "telefone", "correio"),
    "it": ("informazion*", "web", "sito", "pagina", "consult*", "dettagli*", "telefono", "posta", "informativa"),
}

# How spoken addresses end ("example dot com"): the mark alone is also a word of other sentences.
DOMAINS = {
    "com", "es", "eus", "cat", "gal", "net", "org", "eu", "info", "uk", "ie", "us", "de", "at", "ch", "fr", "be", "pt", "br",
    "it", "lu", "ad", "mx", "ar", "co", "cl", "pe", "gob", "gov", "edu", "test",
}  # fmt: skip

# Of all languages: a key is told by one of these words near to it.
PRESS_CUES = (
    "puls*", "marque", "marcar", "marca", "tecl*", "prem*", "sakatu*", "zapaldu*", "tekla*", "toque", "toca", "press",
    "pressing", "key", "dial*", "appuy*", "touche", "tapez", "composez", "druck*", "taste*", "wahl*", "pression*",
    "prima", "digit*", "tasto", "tasti",
)  # fmt: skip

# What ends a company's name and is often not spoken.
LEGAL_FORMS = {
    "sl", "sa", "slu", "sau", "sll", "sal", "slp", "slne", "sc", "scp", "scl", "sccl", "scoop", "coop", "sociedad",
    "limitada", "anonima", "cooperativa", "unipersonal", "societat", "sociedade", "ltd", "limited", "plc", "llp", "llc",
    "inc", "incorporated", "corp", "corporation", "co", "gmbh", "ag", "kg", "ug", "ev", "eg", "ohg", "sarl", "rl", "sas",
    "sasu", "eurl", "snc", "sci", "lda", "unipessoal", "ltda", "spa", "srl", "srls", "onlus", "ab", "bv", "nv",
}  # fmt: skip

# Left out where names and purposes are compared: "&" is spoken as one of them.
CONNECTORS = frozenset({"and", "y", "e", "i", "u", "et", "und", "eta"})
