# The rules of policies/2023-04-19-twg as its switches stand, in Rego. That a choice is about this
# address, purpose and receiver is seen to where the input is made.
package sluis

default allow := false

allow if {
	permit
	not forbid
}

between_the_two if {
	input.aanvrager.partij == "img"
	input.document.bron == "ncg"
}

between_the_two if {
	input.aanvrager.partij == "ncg"
	input.document.bron == "img"
}

all_owners_say(yes) if {
	count(input.document.eigenaren) > 0
	every owner in input.document.eigenaren { owner in yes }
}

# 00-verboden

forbid if {
	about_health
	not agreed_about_health
}

forbid if input.aanvrager.oin == input.document.houder

about_health if input.document.gezondheid

about_health if input.document.soort == "gezondheidsgegevens"

agreed_about_health if {
	input.doel == "knelpunt-gezondheid"
	all_owners_say(input.instemming.actief)
}

# 10-wettelijke-plicht

permit if {
	input.doel == "schade-afhandeling"
	input.aanvrager.partij == "img"
	input.document.bron == "ncg"
	input.document.soort in {
		"opnamerapport", "beoordeling", "normbesluit", "versterkingsadvies", "funderingsonderzoek",
	}
}

permit if {
	input.doel == "versterking-uitvoering"
	input.aanvrager.partij == "ncg"
	input.document.bron == "img"
	input.document.soort in {"schadebesluit", "schaderapport", "inspectierapport"}
}

permit if {
	input.doel == "veiligheidsnorm-melding"
	input.aanvrager.partij in {"ncg", "gemeente"}
	input.document.bron == "img"
	input.document.soort == "inspectierapport"
}

permit if {
	input.doel == "immateriele-schade"
	input.aanvrager.partij == "img"
	input.document.bron == "ncg"
	input.document.soort in {"planning", "beoordeling"}
}

# 20-aos

permit if {
	input.doel == "aos"
	input.team == "aos"
	aos_direction
	input.melding.actief
	input.nu >= input.melding.sinds
	input.nu < input.melding.tot
	input.document.soort in {
		"aos-inspectierapport", "inspectierapport", "opnamerapport", "bouwtekening", "fotorapportage",
	}
}

aos_direction if between_the_two

aos_direction if {
	input.aanvrager.partij == "gemeente"
	input.document.bron == "img"
}

# 30-publieke-taak

permit if {
	input.doel == "afstemming"
	between_the_two
	input.document.soort in {"planning", "contactgegevens"}
	count(input.bezwaar.actief) == 0
}

permit if {
	input.doel == "combinatie-behandeling"
	between_the_two
	input.document.soort != "gezondheidsgegevens"
	input.combinatie
	count(input.bezwaar.actief) == 0
	all_owners_say(input.verzoek.actief)
}

# 40-gezondheid

permit if {
	input.doel == "knelpunt-gezondheid"
	between_the_two
	input.document.soort == "gezondheidsgegevens"
	all_owners_say(input.instemming.actief)
}

# 50-toestemming

permit if {
	input.doel == "overig"
	input.document.soort != "gezondheidsgegevens"
	all_owners_say(input.toestemming.actief)
}
