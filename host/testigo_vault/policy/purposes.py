"""Why calls are recorded, and by what right, in nine languages: what policies name by a code, notices and papers say in words.

Words of a purpose finish the sentence "this call is recorded ...": an infinitive after "to", "para", "per", "pour" or "um"
(German with its "zu"), in Basque a verb in "-tzeko". They fit a notice that is spoken and a register that is printed.
"""

from testigo_vault.errors import VaultError

LANGUAGES = ("es", "ca", "eu", "gl", "en", "fr", "de", "pt", "it")

PURPOSES: dict[str, dict[str, str]] = {
    "quality": {
        "es": "controlar la calidad del servicio",
        "ca": "controlar la qualitat del servei",
        "eu": "zerbitzuaren kalitatea kontrolatzeko",
        "gl": "controlar a calidade do servizo",
        "en": "check the quality of the service",
        "fr": "contrôler la qualité du service",
        "de": "die Qualität des Service zu prüfen",
        "pt": "controlar a qualidade do serviço",
        "it": "controllare la qualità del servizio",
    },
    "proof": {
        "es": "dejar constancia de lo acordado",
        "ca": "deixar constància del que s'acordi",
        "eu": "adostutakoa jasota uzteko",
        "gl": "deixar constancia do acordado",
        "en": "keep proof of what is agreed",
        "fr": "conserver la preuve de ce qui est convenu",
        "de": "Vereinbarungen nachzuweisen",
        "pt": "comprovar o que for acordado",
        "it": "conservare la prova di quanto concordato",
    },
    "training": {
        "es": "formar al personal",
        "ca": "formar el personal",
        "eu": "langileak prestatzeko",
        "gl": "formar o persoal",
        "en": "train staff",
        "fr": "former le personnel",
        "de": "das Personal zu schulen",
        "pt": "formar o pessoal",
        "it": "formare il personale",
    },
    "dispute": {
        "es": "resolver quejas y reclamaciones",
        "ca": "resoldre queixes i reclamacions",
        "eu": "kexak eta erreklamazioak ebazteko",
        "gl": "resolver queixas e reclamacións",
        "en": "settle complaints and disputes",
        "fr": "traiter les réclamations et les litiges",
        "de": "Beschwerden und Streitfälle zu klären",
        "pt": "resolver queixas e reclamações",
        "it": "risolvere reclami e controversie",
    },
    "survey": {
        "es": "realizar una encuesta de satisfacción",
        "ca": "fer una enquesta de satisfacció",
        "eu": "gogobetetasun-inkesta bat egiteko",
        "gl": "realizar unha enquisa de satisfacción",
        "en": "carry out a satisfaction survey",
        "fr": "réaliser une enquête de satisfaction",
        "de": "eine Zufriedenheitsumfrage durchzuführen",
        "pt": "realizar um inquérito de satisfação",
        "it": "svolgere un'indagine di soddisfazione",
    },
    "contract": {
        "es": "verificar los contratos hechos por teléfono",
        "ca": "verificar els contractes fets per telèfon",
        "eu": "telefonoz egindako kontratuak egiaztatzeko",
        "gl": "verificar os contratos feitos por teléfono",
        "en": "check contracts made by telephone",
        "fr": "vérifier les contrats conclus par téléphone",
        "de": "am Telefon geschlossene Verträge zu prüfen",
        "pt": "verificar os contratos feitos por telefone",
        "it": "verificare i contratti conclusi per telefono",
    },
    "security": {
        "es": "proteger la seguridad de las personas y de las instalaciones",
        "ca": "protegir la seguretat de les persones i de les instal·lacions",
        "eu": "pertsonen eta instalazioen segurtasuna zaintzeko",
        "gl": "protexer a seguridade das persoas e das instalacións",
        "en": "protect people and premises",
        "fr": "assurer la sécurité des personnes et des locaux",
        "de": "Personen und Gebäude zu schützen",
        "pt": "proteger a segurança das pessoas e das instalações",
        "it": "tutelare la sicurezza delle persone e dei locali",
    },
    "legal-duty": {
        "es": "cumplir una obligación legal",
        "ca": "complir una obligació legal",
        "eu": "legezko betebehar bat betetzeko",
        "gl": "cumprir unha obriga legal",
        "en": "comply with a legal duty",
        "fr": "respecter une obligation légale",
        "de": "eine gesetzliche Pflicht zu erfüllen",
        "pt": "cumprir uma obrigação legal",
        "it": "adempiere un obbligo di legge",
    },
    "emergency": {
        "es": "atender emergencias",
        "ca": "atendre emergències",
        "eu": "larrialdiei erantzuteko",
        "gl": "atender emerxencias",
        "en": "respond to emergencies",
        "fr": "répondre aux urgences",
        "de": "in Notfällen zu helfen",
        "pt": "responder a emergências",
        "it": "rispondere alle emergenze",
    },
}

# The six legal bases of GDPR article 6(1), (a) to (f).
BASES: dict[str, dict[str, str]] = {
    "consent": {
        "es": "consentimiento de la persona interesada (RGPD, artículo 6.1.a)",
        "ca": "consentiment de la persona interessada (RGPD, article 6.1.a)",
        "eu": "interesdunaren adostasuna (DBEO, 6.1.a artikulua)",
        "gl": "consentimento da persoa interesada (RXPD, artigo 6.1.a)",
        "en": "consent of the data subject (GDPR article 6(1)(a))",
        "fr": "consentement de la personne concernée (RGPD, article 6, paragraphe 1, point a)",
        "de": "Einwilligung der betroffenen Person (DSGVO Artikel 6 Absatz 1 Buchstabe a)",
        "pt": "consentimento do titular dos dados (RGPD, artigo 6.º, n.º 1, alínea a)",
        "it": "consenso dell'interessato (RGPD, articolo 6, paragrafo 1, lettera a)",
    },
    "contract": {
        "es": "ejecución de un contrato o medidas previas a él (RGPD, artículo 6.1.b)",
        "ca": "execució d'un contracte o mesures prèvies (RGPD, article 6.1.b)",
        "eu": "kontratu bat betetzea edo haren aurreko neurriak (DBEO, 6.1.b artikulua)",
        "gl": "execución dun contrato ou medidas previas a el (RXPD, artigo 6.1.b)",
        "en": "performance of a contract, or steps before it (GDPR article 6(1)(b))",
        "fr": "exécution d'un contrat ou mesures précontractuelles (RGPD, article 6, paragraphe 1, point b)",
        "de": "Erfüllung eines Vertrags oder vorvertragliche Maßnahmen (DSGVO Artikel 6 Absatz 1 Buchstabe b)",
        "pt": "execução de um contrato ou diligências pré-contratuais (RGPD, artigo 6.º, n.º 1, alínea b)",
        "it": "esecuzione di un contratto o misure precontrattuali (RGPD, articolo 6, paragrafo 1, lettera b)",
    },
    "legal-obligation": {
        "es": "obligación legal (RGPD, artículo 6.1.c)",
        "ca": "obligació legal (RGPD, article 6.1.c)",
        "eu": "legezko betebeharra (DBEO, 6.1.c artikulua)",
        "gl": "obriga legal (RXPD, artigo 6.1.c)",
        "en": "legal obligation (GDPR article 6(1)(c))",
        "fr": "obligation légale (RGPD, article 6, paragraphe 1, point c)",
        "de": "rechtliche Verpflichtung (DSGVO Artikel 6 Absatz 1 Buchstabe c)",
        "pt": "obrigação jurídica (RGPD, artigo 6.º, n.º 1, alínea c)",
        "it": "obbligo legale (RGPD, articolo 6, paragrafo 1, lettera c)",
    },
    "vital-interests": {
        "es": "intereses vitales (RGPD, artículo 6.1.d)",
        "ca": "interessos vitals (RGPD, article 6.1.d)",
        "eu": "bizi-interesak (DBEO, 6.1.d artikulua)",
        "gl": "intereses vitais (RXPD, artigo 6.1.d)",
        "en": "vital interests (GDPR article 6(1)(d))",
        "fr": "intérêts vitaux (RGPD, article 6, paragraphe 1, point d)",
        "de": "lebenswichtige Interessen (DSGVO Artikel 6 Absatz 1 Buchstabe d)",
        "pt": "interesses vitais (RGPD, artigo 6.º, n.º 1, alínea d)",
        "it": "interessi vitali (RGPD, articolo 6, paragrafo 1, lettera d)",
    },
    "public-task": {
        "es": "misión de interés público o ejercicio de poderes públicos (RGPD, artículo 6.1.e)",
        "ca": "missió d'interès públic o exercici de poders públics (RGPD, article 6.1.e)",
        "eu": "interes publikoko eginkizuna edo botere publikoak erabiltzea (DBEO, 6.1.e artikulua)",
        "gl": "misión de interese público ou exercicio de poderes públicos (RXPD, artigo 6.1.e)",
        "en": "task in the public interest or exercise of official authority (GDPR article 6(1)(e))",
        "fr": "mission d'intérêt public ou exercice de l'autorité publique (RGPD, article 6, paragraphe 1, point e)",
        "de": "Aufgabe im öffentlichen Interesse oder öffentliche Gewalt (DSGVO Artikel 6 Absatz 1 Buchstabe e)",
        "pt": "funções de interesse público ou autoridade pública (RGPD, artigo 6.º, n.º 1, alínea e)",
        "it": "compito di interesse pubblico o pubblici poteri (RGPD, articolo 6, paragrafo 1, lettera e)",
    },
    "legitimate-interest": {
        "es": "interés legítimo (RGPD, artículo 6.1.f)",
        "ca": "interès legítim (RGPD, article 6.1.f)",
        "eu": "interes legitimoa (DBEO, 6.1.f artikulua)",
        "gl": "interese lexítimo (RXPD, artigo 6.1.f)",
        "en": "legitimate interest (GDPR article 6(1)(f))",
        "fr": "intérêt légitime (RGPD, article 6, paragraphe 1, point f)",
        "de": "berechtigtes Interesse (DSGVO Artikel 6 Absatz 1 Buchstabe f)",
        "pt": "interesse legítimo (RGPD, artigo 6.º, n.º 1, alínea f)",
        "it": "legittimo interesse (RGPD, articolo 6, paragrafo 1, lettera f)",
    },
}


def base_language(tag: str) -> str:
    """The language of a BCP 47 tag without region or script: "pt" of "pt-BR"."""
    return tag.replace("_", "-").split("-")[0].lower()


def purpose_words(codes: list[str], language: str, own: dict[str, dict[str, str]]) -> list[str]:
    """The words of each purpose in `language` (BCP 47); `own` are those that the policy brings, which come first.

    Raises VaultError for a purpose that is not known, or that has no words in that language.
    """
    found = []
    base = base_language(language)
    for code in codes:
        words = own.get(code) or PURPOSES.get(code)
        if words is None:
            raise VaultError(
                f"No purpose is called {code!r}.",
                f"Known are {', '.join(PURPOSES)}; a purpose of your own goes into [purposes] of policy.toml.",
            )
        text = words.get(language) or words.get(base)
        if not text:
            raise VaultError(
                f"The purpose {code!r} has no words in the language {base!r}.",
                f"Add them to policy.toml under [purposes]: {code}.{base}.",
            )
        found.append(text)
    return found
